/** Files by system call. `node:fs` would cost 1.3 ms at start, and cannot do what containers need of files. */
import { O } from './abi/arch.ts'
import { E } from './abi/errno.ts'
import { AT, S } from './abi/flags.ts'
import { attempt, call } from './call.ts'
import { KernelError } from './kernel-error.ts'
import { lookedAt } from './premises.ts'

/** Files are read into this and then copied: a start reads a dozen, and fresh buffers for each bring the garbage collector. */
const READ_BUFFER = new Uint8Array(64 * 1024)

/** Everything in the file. @throws KernelError */
export function readFile(path: string, dirfd: number = AT.FDCWD): Uint8Array {
  const fd = call('openat', [dirfd, path, O.RDONLY | O.CLOEXEC, 0])
  try {
    return readAll(fd)
  } finally {
    call('close', [fd])
  }
}

/** From where the descriptor stands to the end. */
export function readAll(fd: number): Uint8Array {
  let bytes = READ_BUFFER
  let length = 0
  for (;;) {
    if (length === bytes.length) {
      const larger = new Uint8Array(bytes.length * 4)
      larger.set(bytes)
      bytes = larger
    }
    const got = call('read', [fd, bytes.subarray(length)])
    if (got === 0) return bytes === READ_BUFFER ? bytes.slice(0, length) : bytes.subarray(0, length)
    length += got
  }
}

/** The text of an open regular file: a read that does not fill the buffer was the last. */
export function readRegular(fd: number): string {
  const got = call('read', [fd, READ_BUFFER])
  if (got === READ_BUFFER.length) {
    call('lseek', [fd, 0, 0])
    return new TextDecoder().decode(readAll(fd))
  }
  return new TextDecoder().decode(READ_BUFFER.subarray(0, got))
}

export const readText = (path: string): string => new TextDecoder().decode(readFile(path))

/** The text of a file, or undefined where there is none (ENOENT, ENOTDIR). */
export function readTextIfAny(path: string): string | undefined {
  try {
    return readText(path)
  } catch (error) {
    if (error instanceof KernelError && (error.errno === E.NOENT || error.errno === E.NOTDIR))
      return undefined
    throw error
  }
}

export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += call('write', [fd, bytes.subarray(done)])
}

/** Replaces the file as a whole: whoever reads sees the old text or the new one (rename(2)). */
export function writeFileAtomically(path: string, content: string | Uint8Array, mode = 0o600): void {
  const temporary = `${path}.${process.pid}.tmp`
  const fd = call('openat', [AT.FDCWD, temporary, O.WRONLY | O.CREAT | O.TRUNC | O.CLOEXEC, mode])
  try {
    writeAll(fd, typeof content === 'string' ? new TextEncoder().encode(content) : content)
    call('renameat2', [AT.FDCWD, temporary, AT.FDCWD, path, 0])
  } catch (error) {
    attempt('unlinkat', [AT.FDCWD, temporary, 0])
    throw error
  } finally {
    call('close', [fd])
  }
}

/** Makes a folder and those above it. */
export function makeFolder(path: string, mode = 0o700): void {
  const result = attempt('mkdirat', [AT.FDCWD, path, mode])
  if (result === 0 || result === -E.EXIST) return
  const parent = path.slice(0, path.lastIndexOf('/'))
  if (result !== -E.NOENT || parent === '') {
    call('mkdirat', [AT.FDCWD, path, mode])
    return
  }
  makeFolder(parent, mode)
  call('mkdirat', [AT.FDCWD, path, mode])
}

const STATX_SIZE = 256
const STATX_TYPE = 0x1
const STATX_MODE = 0x2
const MODE_OFFSET = 28

/** Type and permissions of an open file. */
export function statMode(fd: number): number {
  const buffer = new Uint8Array(STATX_SIZE)
  call('statx', [fd, '', AT.EMPTY_PATH, STATX_TYPE | STATX_MODE, buffer])
  lookedAt([MODE_OFFSET, 2])
  return new DataView(buffer.buffer).getUint16(MODE_OFFSET, true)
}

/** S_IFDIR and the like of what `path` leads to, or undefined where there is nothing. */
export function fileType(path: string): number | undefined {
  const buffer = new Uint8Array(STATX_SIZE)
  if (attempt('statx', [AT.FDCWD, path, 0, STATX_MODE, buffer]) < 0) return undefined
  lookedAt([MODE_OFFSET, 2])
  return new DataView(buffer.buffer).getUint16(MODE_OFFSET, true) & S.IFMT
}

export interface Entry {
  readonly name: string
  readonly directory: boolean
}

const DT_DIR = 4
const DIRENT_TYPE = 18
const DIRENT_NAME = 19

/** What is in an open folder, but for `.` and `..`. */
export function listFolderOf(fd: number): Entry[] {
  const entries: Entry[] = []
  const buffer = new Uint8Array(32 * 1024)
  const view = new DataView(buffer.buffer)
  const decoder = new TextDecoder()
  for (let got = call('getdents64', [fd, buffer]); got > 0; got = call('getdents64', [fd, buffer])) {
    for (let at = 0; at < got; at += view.getUint16(at + 16, true)) {
      const name = decoder.decode(buffer.subarray(at + DIRENT_NAME, buffer.indexOf(0, at + DIRENT_NAME)))
      if (name !== '.' && name !== '..')
        entries.push({ name, directory: buffer[at + DIRENT_TYPE] === DT_DIR })
    }
  }
  return entries
}

/** The names in a folder; none where there is no folder. */
export function listFolder(path: string): string[] {
  const fd = attempt('openat', [AT.FDCWD, path, O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0])
  if (fd < 0) return []
  try {
    return listFolderOf(fd).map((entry) => entry.name)
  } finally {
    call('close', [fd])
  }
}

const STATX_MTIME = 0x40
const MTIME_OFFSET = 112

/** Since it was last changed, itself and not what it leads to; 0 where it is not there. */
export function fileAgeSeconds(path: string): number {
  const buffer = new Uint8Array(256)
  if (attempt('statx', [AT.FDCWD, path, AT.SYMLINK_NOFOLLOW, STATX_MTIME, buffer]) < 0) return 0
  return Date.now() / 1000 - Number(new DataView(buffer.buffer).getBigInt64(MTIME_OFFSET, true))
}
