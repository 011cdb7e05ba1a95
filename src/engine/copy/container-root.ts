/**
 * A container's files as one tree, to find a path in. While it runs: its own root, with all that is mounted there. While
 * it does not: its layers as a mount that is attached nowhere (fsmount(2)) and gone with its descriptor, or the volume
 * that the path lies on.
 */
import { StateError } from '../../errors.ts'
import { O } from '../../linux/abi/arch.ts'
import { AT, FSCONFIG, FSMOUNT, FSOPEN } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { readKernelRelease } from '../../linux/host.ts'
import { cleanPath } from '../config/container-path.ts'
import type { MountRequest } from '../config/mount-request.ts'
import type { Container } from '../container/list.ts'
import { containerFolder } from '../container/record.ts'

export interface Tree {
  /** A directory (O_PATH): nothing outside of it is reached. */
  readonly root: number
  /** Where the wanted path is below it. */
  readonly path: string
}

const folderFlags = O.PATH | O.DIRECTORY | O.CLOEXEC

/** The caller closes `root`. @throws StateError */
export function openContainerTree(
  dataRoot: string,
  container: Container,
  path: string,
  { writes }: { writes: boolean },
): Tree {
  // What a slash or a dot at the end means is for who looks at the path.
  const ending = /\/\.?$/.test(path) ? '/' : ''
  const clean = cleanPath(path) + ending
  const { id, record, state } = container
  if (state.pid !== 0) {
    const root = attempt('openat', [AT.FDCWD, `/proc/${state.pid}/root`, folderFlags, 0])
    if (root >= 0) return { root, path: clean }
  }
  const mount = mountAt(record.options.mounts, clean)
  if (mount !== undefined) {
    if (writes && mount.readonly) throw new StateError('mounted volume is marked read-only')
    const root = call('openat', [AT.FDCWD, mount.source ?? '', folderFlags, 0])
    return { root, path: clean.slice(mount.destination.length) || '/' }
  }
  if (writes && record.options.readonlyRootfs) throw new StateError('container rootfs is marked read-only')
  return { root: mountLayers(record.image.layerDirectories, containerFolder(dataRoot, id), id), path: clean }
}

/** The mount that the path lies on, the innermost. */
function mountAt(mounts: readonly MountRequest[], path: string) {
  let best: Exclude<MountRequest, { type: 'tmpfs' }> | undefined
  for (const mount of mounts) {
    if (mount.type === 'tmpfs') continue
    const { destination } = mount
    const isBelow = path === destination || path.startsWith(`${destination}/`)
    if (isBelow && destination.length > (best?.destination.length ?? 0)) best = mount
  }
  return best
}

function mountLayers(layers: readonly string[], folder: string, id: string): number {
  const filesystem = attempt('fsopen', ['overlay', FSOPEN.CLOEXEC])
  if (filesystem < 0) {
    throw new StateError(`Cannot mount the layers of ${id}, which needs root: start the container first`)
  }
  try {
    const set = (key: string, value: string): void => {
      call('fsconfig', [filesystem, FSCONFIG.SET_STRING, key, value, 0])
    }
    const [major = 0, minor = 0] = readKernelRelease()
      .split('.')
      .map((part) => Number.parseInt(part, 10))
    if (major > 6 || (major === 6 && minor >= 8)) for (const layer of layers) set('lowerdir+', layer)
    else set('lowerdir', layers.join(':'))
    set('upperdir', `${folder}/upper`)
    set('workdir', `${folder}/work`)
    call('fsconfig', [filesystem, FSCONFIG.CMD_CREATE, null, null, 0])
    return call('fsmount', [filesystem, FSMOUNT.CLOEXEC, 0])
  } finally {
    call('close', [filesystem])
  }
}

/** The host's own. */
export const openHostTree = (path: string): Tree => ({
  root: call('openat', [AT.FDCWD, '/', folderFlags, 0]),
  path,
})
