/**
 * Owner, mode, extended attributes and times of what was unpacked, in the one order that works: chown(2) clears setuid
 * and security.capability, chmod would be undone by it, and every change before utimensat(2) could touch the times.
 */
import { O } from '../../linux/abi/arch.ts'
import { E } from '../../linux/abi/errno.ts'
import { AT, S } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { type ByteString, toBytes } from './bytes.ts'
import type { TarEntry } from './tar-entry.ts'

export type Metadata = Pick<TarEntry, 'mode' | 'uid' | 'gid' | 'mtime' | 'atime' | 'xattrs'>

export interface MetadataOptions {
  /** Whether files may be given away: root, or root of a user namespace. Without it all stays with the user. */
  readonly chown: boolean
  /** Called for an xattr that the file system or our privileges refuse. */
  readonly onRefused: (what: string) => void
  /** See `readBirth`. */
  readonly birth?: Birth | undefined
}

/** What a file has that was made with mode 0777: what its metadata asks for and this gives need not be set again. */
export interface Birth {
  readonly uid: number
  readonly gid: number
  readonly mode: number
}

/** O_TMPFILE of open(2): a bit of its own, and O_DIRECTORY. */
const TMPFILE = 0o20000000 | O.DIRECTORY

/**
 * Found out by making a file without a name in `directory`: our ids, the umask, a default ACL and the mount option
 * `grpid` all have their say. Undefined where the file system has no such files (O_TMPFILE, open(2)).
 */
export function readBirth(directory: number): Birth | undefined {
  const fd = attempt('openat', [directory, '.', O.WRONLY | TMPFILE | O.CLOEXEC, 0o777])
  if (fd < 0) return undefined
  try {
    const buffer = new Uint8Array(256)
    call('statx', [fd, '', AT.EMPTY_PATH, 0x7ff, buffer])
    const view = new DataView(buffer.buffer)
    // stx_uid, stx_gid, stx_mode
    return {
      uid: view.getUint32(20, true),
      gid: view.getUint32(24, true),
      mode: view.getUint16(28, true) & 0o7777,
    }
  } finally {
    call('close', [fd])
  }
}

/** @throws Error with the fact for an owner or xattr that no file may have. */
export function checkMetadata({ uid, gid, xattrs }: Metadata): void {
  // 2^32-1 is -1, which chown(2) reads as "leave it": never an owner (CVE-2024-40635, CVE-2026-46680).
  if (uid < 0 || uid > 0xfffffffe) throw new Error(`its uid ${uid} is not a user id`)
  if (gid < 0 || gid > 0xfffffffe) throw new Error(`its gid ${gid} is not a group id`)
  for (const name of xattrs.keys()) {
    // overlayfs would obey them: redirect and metacopy reach into other layers.
    if (name.startsWith('trusted.overlay.') || name.startsWith('user.overlay.')) {
      throw new Error(`it sets ${JSON.stringify(name)}, which is overlayfs's own`)
    }
  }
}

/** @param isNew it was made with the metadata's own permission bits, as far as its birth allows */
export function applyToFd(fd: number, metadata: Metadata, options: MetadataOptions, isNew = false): void {
  const mode = setOwner(metadata, options, isNew, (via) => via('fchown', [fd, metadata.uid, metadata.gid]))
  const isRight = isNew && options.birth !== undefined && (mode & options.birth.mode) === mode
  if (!isRight) call('fchmod', [fd, mode])
  for (const [name, value] of metadata.xattrs) {
    setXattr(name, options, (via) => via('fsetxattr', [fd, toBytes(name), value, 0]))
  }
  call('utimensat', [fd, null, timesOf(metadata), 0])
}

/** The same for what cannot be opened without effect: symlinks, devices, fifos. */
export function applyToName(
  directory: number,
  name: ByteString,
  metadata: Metadata,
  options: MetadataOptions & { readonly symlink: boolean },
): void {
  const bytes = toBytes(name)
  const { uid, gid } = metadata
  const mode = setOwner(metadata, options, true, (via) =>
    via('fchownat', [directory, bytes, uid, gid, AT.SYMLINK_NOFOLLOW]),
  )
  if (!options.symlink) call('fchmodat', [directory, bytes, mode])
  if (metadata.xattrs.size > 0) {
    const path = Buffer.concat([Buffer.from(`/proc/self/fd/${directory}/`), bytes])
    for (const [xattr, value] of metadata.xattrs) {
      setXattr(xattr, options, (via) => via('lsetxattr', [path, toBytes(xattr), value, 0]))
    }
  }
  call('utimensat', [directory, bytes, timesOf(metadata), AT.SYMLINK_NOFOLLOW])
}

/**
 * Gives the file to its owner. An id that our user namespace does not map (EINVAL) leaves it ours, and then without
 * setuid and setgid: they were meant for somebody else.
 * @returns the mode that goes with the owner it has.
 */
function setOwner(
  { mode, uid, gid }: Metadata,
  options: MetadataOptions,
  isNew: boolean,
  chown: (via: typeof attempt) => number,
): number {
  if (isNew && options.birth?.uid === uid && options.birth.gid === gid) return mode
  // Root's files are ours: inside, we are root.
  if (!options.chown && uid === 0 && gid === 0) return mode
  const result = options.chown ? chown(attempt) : -E.INVAL
  if (result === 0) return mode
  if (result !== -E.INVAL) chown(call)
  options.onRefused('owners')
  return mode & ~(S.ISUID | S.ISGID)
}

/** An xattr that cannot be had is told, not fatal: docker and podman unpack such layers too. */
function setXattr(name: string, options: MetadataOptions, set: (via: typeof attempt) => number): void {
  const result = set(attempt)
  if (result >= 0) return
  if (result === -E.OPNOTSUPP || (result === -E.PERM && (!options.chown || name.startsWith('user.')))) {
    options.onRefused(`the extended attribute ${JSON.stringify(name)}`)
  } else {
    set(call)
  }
}

/** What outlives the sink's call: the entry's names do not. */
export const metadataOf = ({ mode, uid, gid, mtime, atime, xattrs }: TarEntry): Metadata => ({
  mode,
  uid,
  gid,
  mtime,
  atime,
  xattrs,
})

const timesOf = ({ atime, mtime }: Metadata) => [atime ?? mtime, mtime] as const
