/** A path in a tree: what is there, and the folder it is in. Every symlink on the way is one of the tree's own. */
import { O } from '../../linux/abi/arch.ts'
import { E } from '../../linux/abi/errno.ts'
import { AT, RESOLVE, S, STATX } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import type { Tree } from './container-root.ts'

export interface Found {
  readonly kind: 'directory' | 'file' | 'symlink' | 'other' | 'missing'
  /** The folder it is in, or would be in; undefined where that is missing too. The caller closes it. */
  readonly parent: number | undefined
  /** Its name there; `.` for the tree's own top. */
  readonly name: string
}

/** In-root: a container that swaps a symlink while we look leads us nowhere else (CVE-2018-15664). */
const IN_TREE = RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS

/** @param follow a symlink in its place counts as what it leads to */
export function findPath(tree: Tree, follow: boolean): Found {
  let { path } = tree
  // A link may lead to a link; so many, and the kernel says ELOOP.
  for (let links = 0; links < 40; links++) {
    const found = findOnce(tree.root, path)
    if (found.kind !== 'symlink' || !(follow || path.endsWith('/'))) return found
    const target = linkTarget(found.parent!, found.name)
    call('close', [found.parent!])
    path = target.startsWith('/') ? target : `${path.replace(/\/+$/, '').replace(/[^/]*$/, '')}${target}`
  }
  return { kind: 'missing', parent: undefined, name: '' }
}

function findOnce(root: number, path: string): Found {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  const name = parts.pop() ?? '.'
  const flags = O.PATH | O.DIRECTORY | O.CLOEXEC
  const isTop = name === '.' || name === '..'
  const parent = attempt('openat2', [
    root,
    isTop ? path || '/' : `/${parts.join('/')}`,
    { flags, resolve: IN_TREE },
  ])
  if (parent < 0) return { kind: 'missing', parent: undefined, name }
  if (isTop) return { kind: 'directory', parent, name: '.' }
  return { kind: kindAt(parent, name), parent, name }
}

export function kindAt(parent: number, name: string): Found['kind'] {
  const buffer = new Uint8Array(256)
  const result = attempt('statx', [parent, name, AT.SYMLINK_NOFOLLOW, STATX.BASIC_STATS, buffer])
  if (result === -E.NOENT || result === -E.NOTDIR) return 'missing'
  if (result < 0) call('statx', [parent, name, AT.SYMLINK_NOFOLLOW, STATX.BASIC_STATS, buffer])
  const type = new DataView(buffer.buffer).getUint16(28, true) & S.IFMT
  if (type === S.IFDIR) return 'directory'
  if (type === S.IFREG) return 'file'
  return type === S.IFLNK ? 'symlink' : 'other'
}

function linkTarget(parent: number, name: string): string {
  const buffer = new Uint8Array(4096)
  return new TextDecoder().decode(buffer.subarray(0, call('readlinkat', [parent, name, buffer])))
}
