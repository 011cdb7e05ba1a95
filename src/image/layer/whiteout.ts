/**
 * Whiteouts: what a layer deletes from those below it (image-spec layer.md "Whiteouts"), and how overlayfs says the
 * same (Documentation/filesystems/overlayfs.rst "whiteouts and opaque directories"): `.wh.NAME` becomes a character
 * device 0:0 named NAME, `.wh..wh..opq` the xattr `overlay.opaque=y` on its directory.
 */
import { O } from '../../linux/abi/arch.ts'
import { E } from '../../linux/abi/errno.ts'
import { S } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { type ByteString, toBytes } from './bytes.ts'

/** Where overlayfs keeps its marks: `user.` for mounts made in a user namespace (mount option userxattr). */
export type OverlayXattrs = 'trusted' | 'user'

export type Whiteout =
  | { readonly is: 'whiteout'; readonly name: ByteString }
  | { readonly is: 'opaque' }
  /** AUFS's own bookkeeping (`.wh..wh.plnk` and the like): no part of the image. */
  | { readonly is: 'bookkeeping' }

const prefix = '.wh.'

/** What the last component of an entry's name means. @throws Error with the fact for a name that is reserved. */
export function parseWhiteout(path: ByteString): Whiteout | undefined {
  if (!path.includes(prefix)) return undefined
  const names = path.split('/')
  if (names.slice(0, -1).some((name) => name.startsWith('.wh..wh.'))) return { is: 'bookkeeping' }
  const last = names.at(-1)!
  if (names.slice(0, -1).some((name) => name.startsWith(prefix))) {
    throw new Error('it lies inside a whiteout')
  }
  if (!last.startsWith(prefix)) return undefined
  const name = last.slice(prefix.length)
  if (name === '.wh..opq') return { is: 'opaque' }
  if (name.startsWith(prefix)) return { is: 'bookkeeping' }
  if (name === '' || name === '.' || name === '..') throw new Error('it is a whiteout of no name')
  return { is: 'whiteout', name }
}

/** Hides whatever the layers below hold. `y` for the directory's content alone. */
export function setOpaque(directory: number, xattrs: OverlayXattrs, value: 'y' | 'x' = 'y'): void {
  call('fsetxattr', [directory, `${xattrs}.overlay.opaque`, value, 0])
}

/**
 * Makes a whiteout. Linux 5.8 lets anyone make the device; where it is refused still (seccomp, an old kernel) the
 * xattr form of Linux 6.7 serves: an empty file marked `overlay.whiteout` in a directory marked `opaque=x`.
 * @returns 0 or -errno, EEXIST above all.
 */
export function makeWhiteout(directory: number, name: ByteString, xattrs: OverlayXattrs): number {
  const result = attempt('mknodat', [directory, toBytes(name), S.IFCHR, 0])
  if (result !== -E.PERM) return result
  const fd = attempt('openat', [
    directory,
    toBytes(name),
    O.WRONLY | O.CREAT | O.EXCL | O.NOFOLLOW | O.CLOEXEC,
    0o600,
  ])
  if (fd < 0) return fd
  try {
    call('fsetxattr', [fd, `${xattrs}.overlay.whiteout`, 'y', 0])
    setOpaque(directory, xattrs, 'x')
  } finally {
    call('close', [fd])
  }
  return 0
}

/**
 * Which marks our privileges and the file system allow: trusted.* needs CAP_SYS_ADMIN in the first user namespace.
 * @param scratch a directory of ours that is deleted later; the probe stays on it.
 */
export function probeOverlayXattrs(scratch: number): OverlayXattrs {
  return attempt('fsetxattr', [scratch, 'trusted.tinyctr.probe', 'y', 0]) === 0 ? 'trusted' : 'user'
}

/** Whether a layer hides everything below it: overlayfs merges the roots of all layers whatever they say. */
export function isOpaque(directory: number, xattrs: OverlayXattrs): boolean {
  const value = new Uint8Array(1)
  return attempt('fgetxattr', [directory, `${xattrs}.overlay.opaque`, value]) === 1 && value[0] === 0x79
}
