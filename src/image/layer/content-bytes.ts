/** How many bytes the files below a folder hold: what docker calls the size of a layer. Hard links count once. */
import { O } from '../../linux/abi/arch.ts'
import { AT, S } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { toBytes } from './bytes.ts'
import { readDirectory } from './remove-tree.ts'

/** STATX_TYPE, STATX_NLINK, STATX_INO and STATX_SIZE; where they are: stat(2), struct statx. */
const MASK = 0x1 | 0x4 | 0x100 | 0x200
const [NLINK, MODE, INO, SIZE] = [16, 28, 32, 40]

export function contentBytes(folder: string): number {
  const linked = new Set<bigint>()
  const buffer = new Uint8Array(256)
  const view = new DataView(buffer.buffer)
  let bytes = 0
  const walk = (parent: number, name: string | Uint8Array): void => {
    const fd = attempt('openat', [parent, name, O.RDONLY | O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC, 0])
    if (fd < 0) return
    try {
      for (const child of readDirectory(fd)) {
        const path = toBytes(child)
        if (attempt('statx', [fd, path, AT.SYMLINK_NOFOLLOW, MASK, buffer]) < 0) continue
        const type = view.getUint16(MODE, true) & S.IFMT
        if (type === S.IFDIR) walk(fd, path)
        if (type !== S.IFREG) continue
        const inode = view.getBigUint64(INO, true)
        if (view.getUint32(NLINK, true) > 1 && linked.size === linked.add(inode).size) continue
        bytes += Number(view.getBigUint64(SIZE, true))
      }
    } finally {
      call('close', [fd])
    }
  }
  walk(AT.FDCWD, folder)
  return bytes
}
