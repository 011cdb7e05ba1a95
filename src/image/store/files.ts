/**
 * Small files and folders through system calls: the hot path of `tinyctr run` reads one, and must not load node:fs
 * (1.3 ms in Bun). Everything the store makes belongs to the user alone: folders 0700, files 0600.
 */
import { RegistryError } from '../../errors.ts'
import { O } from '../../linux/abi/arch.ts'
import { E } from '../../linux/abi/errno.ts'
import { AT, LOCK } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { KernelError } from '../../linux/kernel-error.ts'

/** The whole file, or undefined when there is none. */
export function readFile(path: string): Buffer | undefined {
  const fd = attempt('openat', [AT.FDCWD, path, O.RDONLY | O.CLOEXEC, 0])
  if (fd === -E.NOENT) return undefined
  if (fd < 0) call('openat', [AT.FDCWD, path, O.RDONLY | O.CLOEXEC, 0])
  try {
    const pieces: Uint8Array[] = []
    for (;;) {
      const piece = new Uint8Array(64 * 1024)
      const length = call('read', [fd, piece])
      if (length === 0) return Buffer.concat(pieces)
      pieces.push(piece.subarray(0, length))
    }
  } finally {
    call('close', [fd])
  }
}

/**
 * Replaces `path` at once: readers see the old content or the new, and so does the next boot (fsync before rename).
 * @param temporary a path on the same file system that is nobody else's.
 */
export function replaceFile(path: string, content: string | Uint8Array, temporary: string): void {
  replace(path, content, temporary, (fd) => void call('fsync', [fd]))
}

/** The same for what can be made again: after a power failure it may be empty. */
export function writeAside(path: string, content: string, temporary: string): void {
  replace(path, content, temporary, () => {})
}

function replace(
  path: string,
  content: string | Uint8Array,
  temporary: string,
  settle: (fd: number) => void,
): void {
  const flags = O.WRONLY | O.CREAT | O.TRUNC | O.NOFOLLOW | O.CLOEXEC
  const fd = call('openat', [AT.FDCWD, temporary, flags, 0o600])
  try {
    writeAll(fd, typeof content === 'string' ? Buffer.from(content) : content)
    settle(fd)
  } catch (cause) {
    attempt('unlinkat', [AT.FDCWD, temporary, 0])
    throw diskError(`write ${path}`, cause)
  } finally {
    call('close', [fd])
  }
  call('renameat2', [AT.FDCWD, temporary, AT.FDCWD, path, 0])
}

export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += call('write', [fd, at === 0 ? bytes : bytes.subarray(at)])
}

/** Makes a folder and its parents. */
export function makeFolder(path: string): void {
  const result = attempt('mkdirat', [AT.FDCWD, path, 0o700])
  if (result === 0 || result === -E.EXIST) return
  const parent = path.slice(0, path.lastIndexOf('/'))
  if (result === -E.NOENT && parent !== '') makeFolder(parent)
  if (attempt('mkdirat', [AT.FDCWD, path, 0o700]) === -E.EXIST) return
  if (!exists(path)) throw diskError(`make the folder ${path}`, new KernelError('mkdirat', -result, path))
}

export function exists(path: string): boolean {
  return attempt('readlinkat', [AT.FDCWD, path, new Uint8Array(1)]) !== -E.NOENT
}

/** STATX_MTIME, and where statx(2) puts it. */
const [MTIME, MTIME_OFFSET] = [0x40, 112]

/** In nanoseconds since the epoch. */
export function modifiedAt(path: string): bigint | undefined {
  const buffer = new Uint8Array(256)
  if (attempt('statx', [AT.FDCWD, path, AT.SYMLINK_NOFOLLOW, MTIME, buffer]) < 0) return undefined
  const view = new DataView(buffer.buffer)
  return (
    view.getBigInt64(MTIME_OFFSET, true) * 1_000_000_000n + BigInt(view.getUint32(MTIME_OFFSET + 8, true))
  )
}

export function removeFile(path: string): void {
  const result = attempt('unlinkat', [AT.FDCWD, path, 0])
  if (result !== 0 && result !== -E.NOENT) call('unlinkat', [AT.FDCWD, path, 0])
}

export const openFolder = (path: string): number =>
  call('openat', [AT.FDCWD, path, O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0])

/** Runs `work` while no other process holds the lock: flock(2), which the kernel releases when its holder dies. */
export function whileLocked<T>(path: string, work: () => T): T {
  const fd = openLock(path)
  try {
    call('flock', [fd, LOCK.EX])
    return work()
  } finally {
    call('close', [fd])
  }
}

export const openLock = (path: string): number =>
  call('openat', [AT.FDCWD, path, O.RDWR | O.CREAT | O.CLOEXEC, 0o600])

/** One clear sentence for the failures that are the disk's and not ours. */
export function diskError(doing: string, cause: unknown): unknown {
  if (!(cause instanceof KernelError)) return cause
  const facts: Record<number, string> = {
    [E.NOSPC]: 'no space is left on the disk',
    [E.DQUOT]: 'the disk quota is used up',
    [E.ROFS]: 'the file system is read-only',
    [E.ACCES]: 'permission is denied',
  }
  const fact = facts[cause.errno]
  return new RegistryError(`Cannot ${doing}: ${fact ?? cause.message}`, { cause })
}
