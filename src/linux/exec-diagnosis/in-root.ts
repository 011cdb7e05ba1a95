/**
 * Looking at files of a container from outside, strictly inside its root: openat2(2), RESOLVE_IN_ROOT. A hostile image
 * must not make us open a device, wait at a pipe or leave its tree.
 */
import { O } from '../abi/arch.ts'
import { E } from '../abi/errno.ts'
import { AT, RESOLVE, S } from '../abi/flags.ts'
import { attempt, call } from '../call.ts'
import { listFolder } from '../file.ts'

export interface Entry {
  /** S_IFREG and the like. */
  readonly type: number
  /** Permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  /** It lies on a mount with noexec. */
  readonly noexec: boolean
}

const STATX_BASIC = 0x7ff
const STATFS_FLAGS_OFFSET = 80
const ST_NOEXEC = 8

export class InRoot {
  private readonly root: number

  /** @throws KernelError when there is no directory at `root` */
  constructor(root: string) {
    this.root = call('openat', [AT.FDCWD, root, O.PATH | O.DIRECTORY | O.CLOEXEC, 0])
  }

  close(): void {
    call('close', [this.root])
  }

  /** What `path` leads to; undefined where there is nothing, or nothing that can be reached. */
  entry(path: string): Entry | undefined {
    return this.withFile(path, O.PATH, (fd) => {
      const stat = new Uint8Array(256)
      const statfs = new Uint8Array(120)
      if (attempt('statx', [fd, '', AT.EMPTY_PATH, STATX_BASIC, stat]) < 0) return undefined
      attempt('fstatfs', [fd, statfs])
      const view = new DataView(stat.buffer)
      const mode = view.getUint16(28, true)
      return {
        type: mode & S.IFMT,
        mode: mode & 0o7777,
        uid: view.getUint32(20, true),
        gid: view.getUint32(24, true),
        size: Number(view.getBigUint64(40, true)),
        noexec: (new DataView(statfs.buffer).getUint32(STATFS_FLAGS_OFFSET, true) & ST_NOEXEC) !== 0,
      }
    })
  }

  /** Where the symlink at `path` leads; undefined where there is none. */
  link(path: string): string | undefined {
    return this.withFile(path, O.PATH | O.NOFOLLOW, (fd) => {
      const target = new Uint8Array(4096)
      const length = attempt('readlinkat', [fd, '', target])
      return length < 0 ? undefined : new TextDecoder().decode(target.subarray(0, length))
    })
  }

  /** The symlinks at `path` lead to each other. */
  isCircular(path: string): boolean {
    const fd = this.open(path, O.PATH)
    if (fd >= 0) call('close', [fd])
    return fd === -E.LOOP
  }

  /** Up to `length` bytes of a regular file; fewer where it ends. */
  bytes(path: string, offset: number, length: number): Uint8Array {
    const read = (fd: number): Uint8Array => {
      const buffer = new Uint8Array(length)
      const got = attempt('lseek', [fd, offset, 0]) < 0 ? 0 : attempt('read', [fd, buffer])
      return buffer.subarray(0, Math.max(0, got))
    }
    if (this.entry(path)?.type !== S.IFREG) return new Uint8Array()
    return this.withFile(path, O.RDONLY | O.NONBLOCK | O.NOCTTY, read) ?? new Uint8Array()
  }

  /** The names in a directory; none where there is none. */
  names(path: string): string[] {
    return this.withFile(path, O.PATH | O.DIRECTORY, (fd) => listFolder(`/proc/self/fd/${fd}`)) ?? []
  }

  private withFile<T>(path: string, flags: number, look: (fd: number) => T): T | undefined {
    const fd = this.open(path, flags)
    if (fd < 0) return undefined
    try {
      return look(fd)
    } finally {
      call('close', [fd])
    }
  }

  private open(path: string, flags: number): number {
    const resolve = RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS
    return attempt('openat2', [this.root, path, { flags: flags | O.CLOEXEC, resolve }])
  }
}
