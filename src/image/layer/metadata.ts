/**
 * Owner, mode, extended attributes and times of what was unpacked, in the one order that works: chown(2) clears setuid
 * and security.capability, chmod would be undone by it, and every change before utimensat(2) could touch the times.
 */
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

export function applyToFd(fd: number, metadata: Metadata, options: MetadataOptions): void {
  const mode = setOwner(metadata, options, (via) => via('fchown', [fd, metadata.uid, metadata.gid]))
  call('fchmod', [fd, mode])
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
  const mode = setOwner(metadata, options, (via) =>
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
  chown: (via: typeof attempt) => number,
): number {
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
