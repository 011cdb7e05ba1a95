/** What a container changed of its image: the upper directory of its overlay, each entry against the layers below. */
import { isWhiteout, readTree } from '../../image/layer/read-tree.ts'
import { O } from '../../linux/abi/arch.ts'
import { E } from '../../linux/abi/errno.ts'
import { AT, RESOLVE, S, STATX } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { upperFolder, whileOpen } from './files.ts'
import type { Container } from './list.ts'

export interface Change {
  /** Added, changed, deleted. */
  readonly kind: 'A' | 'C' | 'D'
  readonly path: string
}

/** In the order of their paths, as Docker has it. What the runtime made for its mounts is no change. */
export function containerChanges(dataRoot: string, container: Container): Promise<Change[]> {
  const { image, options } = container.record
  const layers = image.layerDirectories
  const targets = new Set([
    ...['/dev', '/proc', '/sys', '/etc/hosts', '/etc/hostname', '/etc/resolv.conf'],
    ...options.mounts.map(({ destination }) => destination),
  ])
  return whileOpen([upperFolder(dataRoot, container)], async ([upper]) => {
    const changes: Change[] = []
    for (const entry of readTree([upper!])) {
      const path = `/${decode(entry.path)}`
      if (path === '/') continue
      if (isWhiteout(entry)) changes.push({ kind: 'D', path })
      else if (targets.has(path) && !isInLayers(layers, path)) continue
      else changes.push({ kind: isInLayers(layers, path) ? 'C' : 'A', path })
    }
    return withoutBareParents(changes, targets)
  })
}

/** A folder that is in the upper directory only on the way to a mount point has not changed. */
function withoutBareParents(changes: Change[], targets: ReadonlySet<string>): Change[] {
  return changes.filter(({ kind, path }) => {
    if (kind !== 'C') return true
    const isOnTheWay = [...targets].some((target) => target.startsWith(`${path}/`))
    return !isOnTheWay || changes.some((other) => other.path.startsWith(`${path}/`))
  })
}

/** Names are bytes; Docker prints them as they are. */
const decode = (path: string): string => Buffer.from(path, 'latin1').toString('utf8')

/** A whiteout on the way or in its place says that no layer below counts. */
function isInLayers(layers: readonly string[], path: string): boolean {
  for (const layer of layers) {
    const root = attempt('openat', [AT.FDCWD, layer, O.PATH | O.DIRECTORY | O.CLOEXEC, 0])
    if (root < 0) continue
    const how = { flags: O.PATH | O.NOFOLLOW | O.CLOEXEC, resolve: RESOLVE.BENEATH | RESOLVE.NO_SYMLINKS }
    const found = attempt('openat2', [root, path.slice(1), how])
    call('close', [root])
    if (found === -E.NOTDIR) return false
    if (found < 0) continue
    const isThere = !isWhiteoutAt(found)
    call('close', [found])
    return isThere
  }
  return false
}

function isWhiteoutAt(fd: number): boolean {
  const buffer = new Uint8Array(256)
  call('statx', [fd, '', AT.EMPTY_PATH, STATX.BASIC_STATS, buffer])
  const view = new DataView(buffer.buffer)
  const isDevice = (view.getUint16(28, true) & S.IFMT) === S.IFCHR
  return isDevice && view.getUint32(128, true) === 0 && view.getUint32(132, true) === 0
}
