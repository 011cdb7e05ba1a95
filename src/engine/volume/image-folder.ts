/** Mode and owner of a folder of an image, before its layers are mounted: a new volume there takes them over. */
import { O } from '../../linux/abi/arch.ts'
import { AT, RESOLVE, S, STATX } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'

export interface FolderOwner {
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** @param layers top first. undefined where the image has no such folder. */
export function imageFolder(layers: readonly string[], path: string): FolderOwner | undefined {
  for (const layer of layers) {
    const root = attempt('openat', [AT.FDCWD, layer, O.PATH | O.DIRECTORY | O.CLOEXEC, 0])
    if (root < 0) continue
    // A symlink of the image must not show a folder of the host's.
    const how = { flags: O.PATH | O.CLOEXEC, resolve: RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS }
    const found = attempt('openat2', [root, path, how])
    call('close', [root])
    if (found < 0) continue
    const owner = ownerOf(found)
    call('close', [found])
    return owner
  }
  return undefined
}

/** A whiteout or a file is no folder. */
function ownerOf(fd: number): FolderOwner | undefined {
  const buffer = new Uint8Array(256)
  call('statx', [fd, '', AT.EMPTY_PATH, STATX.BASIC_STATS, buffer])
  const view = new DataView(buffer.buffer)
  const mode = view.getUint16(28, true)
  if ((mode & S.IFMT) !== S.IFDIR) return undefined
  return { mode: mode & 0o7777, uid: view.getUint32(20, true), gid: view.getUint32(24, true) }
}
