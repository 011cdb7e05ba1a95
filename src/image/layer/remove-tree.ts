/** Deletes a folder and all in it: names as bytes, symlinks never followed, one open directory at a time. */
import { O } from '../../linux/abi/arch.ts'
import { E } from '../../linux/abi/errno.ts'
import { AT, RESOLVE } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { type ByteString, toByteString, toBytes } from './bytes.ts'
import { join } from './entry-path.ts'

const listing = new Uint8Array(32 * 1024)
const resolve = RESOLVE.BENEATH | RESOLVE.NO_SYMLINKS | RESOLVE.NO_MAGICLINKS

/** The names in an open directory, without `.` and `..` (getdents64(2)). */
export function readDirectory(directory: number): ByteString[] {
  const names: ByteString[] = []
  for (;;) {
    const length = call('getdents64', [directory, listing])
    if (length === 0) return names
    const view = new DataView(listing.buffer)
    for (let at = 0; at < length; at += view.getUint16(at + 16, true)) {
      const name = toByteString(listing.subarray(at + 19, listing.indexOf(0, at + 19)))
      if (name !== '.' && name !== '..') names.push(name)
    }
  }
}

function openDirectory(parent: number, path: ByteString): number {
  const how = { flags: O.RDONLY | O.DIRECTORY | O.CLOEXEC, mode: 0, resolve }
  const fd = attempt('openat2', [parent, toBytes(path), how])
  if (fd !== -E.ACCES) return fd < 0 ? call('openat2', [parent, toBytes(path), how]) : fd
  // Ours, but a layer took away our own permission.
  call('fchmodat', [parent, toBytes(path), 0o700])
  return call('openat2', [parent, toBytes(path), how])
}

/** Deletes `name` in `parent`, whatever it is. What is not there needs no deleting. */
export function removeTree(parent: number, name: ByteString): void {
  const stack = [{ path: name, emptied: false }]
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const { path } = top
    const result = attempt('unlinkat', [parent, toBytes(path), top.emptied ? AT.REMOVEDIR : 0])
    if (result === 0 || result === -E.NOENT) {
      stack.pop()
      continue
    }
    if (result !== -E.ISDIR && result !== -E.PERM && result !== -E.ACCES && result !== -E.NOTEMPTY) {
      call('unlinkat', [parent, toBytes(path), top.emptied ? AT.REMOVEDIR : 0])
    }
    const directory = openDirectory(parent, path)
    try {
      for (const child of readDirectory(directory)) {
        const childPath = join(path, child)
        if (attempt('unlinkat', [parent, toBytes(childPath), 0]) !== 0)
          stack.push({ path: childPath, emptied: false })
      }
    } finally {
      call('close', [directory])
    }
    top.emptied = true
  }
}
