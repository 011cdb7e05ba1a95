/** Files, links, modes and owners below one folder copied into another, by descriptors, never through a symlink. */
import { O } from '../abi/arch.ts'
import { E } from '../abi/errno.ts'
import { AT, S, STATX } from '../abi/flags.ts'
import { attempt, call } from '../call.ts'
import { listFolderOf, writeAll } from '../file.ts'

const NOTHING_FOLLOWED = O.RDONLY | O.NOFOLLOW | O.CLOEXEC
const LONGEST_TARGET = 4096

/** @throws KernelError */
export function copyTree(from: number, to: number): void {
  // A description of its own: the caller's may stand anywhere in the folder, or be O_PATH.
  const folder = call('openat', [from, '.', NOTHING_FOLLOWED | O.DIRECTORY, 0])
  for (const { name } of listFolderOf(folder)) copyEntry(folder, to, name)
  call('close', [folder])
}

function copyEntry(from: number, to: number, name: string): void {
  const info = statOf(from, name)
  switch (info.mode & S.IFMT) {
    case S.IFDIR: {
      const made = attempt('mkdirat', [to, name, 0o700])
      if (made < 0 && made !== -E.EXIST) call('mkdirat', [to, name, 0o700])
      const [source, target] = [from, to].map((fd) =>
        call('openat', [fd, name, NOTHING_FOLLOWED | O.DIRECTORY, 0]),
      ) as [number, number]
      copyTree(source, target)
      call('close', [source])
      call('close', [target])
      break
    }
    case S.IFLNK: {
      const target = new Uint8Array(LONGEST_TARGET)
      const length = call('readlinkat', [from, name, target])
      call('symlinkat', [target.slice(0, length), to, name])
      break
    }
    case S.IFREG:
      copyFile(from, to, name)
      break
    default:
      call('mknodat', [to, name, info.mode, info.device])
  }
  attempt('fchownat', [to, name, info.uid, info.gid, AT.SYMLINK_NOFOLLOW])
  if ((info.mode & S.IFMT) !== S.IFLNK) attempt('fchmodat', [to, name, info.mode & 0o7777])
}

function copyFile(from: number, to: number, name: string): void {
  const source = call('openat', [from, name, NOTHING_FOLLOWED, 0])
  const target = call('openat', [to, name, O.WRONLY | O.CREAT | O.EXCL | O.NOFOLLOW | O.CLOEXEC, 0o600])
  const bytes = new Uint8Array(64 * 1024)
  for (let got = call('read', [source, bytes]); got > 0; got = call('read', [source, bytes]))
    writeAll(target, bytes.subarray(0, got))
  call('close', [source])
  call('close', [target])
}

interface Stat {
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** As mknod(2) takes it. */
  readonly device: number
}

/** struct statx: stx_uid at 20, stx_gid 24, stx_mode 28, stx_rdev_major 128, stx_rdev_minor 132. */
function statOf(folder: number, name: string): Stat {
  const buffer = new Uint8Array(256)
  call('statx', [folder, name, AT.SYMLINK_NOFOLLOW, STATX.BASIC_STATS, buffer])
  const view = new DataView(buffer.buffer)
  const [major, minor] = [view.getUint32(128, true), view.getUint32(132, true)]
  return {
    mode: view.getUint16(28, true),
    uid: view.getUint32(20, true),
    gid: view.getUint32(24, true),
    device: ((minor & 0xff) | (major << 8) | ((minor & 0xfff00) << 12)) >>> 0,
  }
}
