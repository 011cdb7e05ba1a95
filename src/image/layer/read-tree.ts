/**
 * A directory tree as tar members, parents first, names in the order of their bytes: the reverse of unpacking. What
 * overlayfs keeps for itself is no part of it.
 */
import { O } from '../../linux/abi/arch.ts'
import { E } from '../../linux/abi/errno.ts'
import { AT, S } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { type ByteString, toByteString, toBytes } from './bytes.ts'
import { join } from './entry-path.ts'
import { readDirectory } from './remove-tree.ts'
import type { EntryKind } from './tar-entry.ts'
import type { TarMember } from './tar-writer.ts'

/** What is at a path of the tree, and the way to its content. */
export interface TreeEntry {
  /** Relative to the top; the top itself is the empty string. */
  readonly path: ByteString
  readonly member: TarMember
  /** The open directory it lies in, and its name there: valid until the next entry is asked for. */
  readonly parent: number
  readonly name: ByteString
  /** What overlayfs says about it, by the part of the name behind `overlay.`: `opaque`, `whiteout`. */
  readonly marks: ReadonlyMap<string, Uint8Array>
}

export interface ReadTreeOptions {
  /** From an id of the file system to the one in the tar; undefined where there is none. */
  readonly mapUid?: (uid: number) => number
  readonly mapGid?: (gid: number) => number
  /** Paths that are left out with all below them. */
  readonly skip?: (path: ByteString) => boolean
}

const kinds: Readonly<Record<number, EntryKind>> = {
  [S.IFREG]: 'file',
  [S.IFDIR]: 'directory',
  [S.IFLNK]: 'symlink',
  [S.IFCHR]: 'character',
  [S.IFBLK]: 'block',
  [S.IFIFO]: 'fifo',
}

const overlayPrefix = /^(?:trusted|user)\.overlay\./

export function* readTree(top: number, options: ReadTreeOptions = {}): Generator<TreeEntry> {
  const links = new Map<string, ByteString>()
  yield* entry(top, '.', '')

  function* entry(parent: number, name: ByteString, path: ByteString): Generator<TreeEntry> {
    const found = describe(parent, name, path, links, options)
    if (found === undefined) return
    yield found
    if (found.member.kind !== 'directory') return
    const flags = O.RDONLY | O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC
    const fd = call('openat', [parent, toBytes(name), flags, 0])
    try {
      for (const child of readDirectory(fd).sort()) {
        const below = join(path, child)
        if (options.skip?.(below) !== true) yield* entry(fd, child, below)
      }
    } finally {
      call('close', [fd])
    }
  }
}

const statBuffer = new Uint8Array(256)
const stat = new DataView(statBuffer.buffer)
/** STATX_BASIC_STATS; offsets in struct statx (statx(2)). */
const MASK = 0x7ff

/** Undefined: gone meanwhile, or a socket, which no tar can hold. */
function describe(
  parent: number,
  name: ByteString,
  path: ByteString,
  links: Map<string, ByteString>,
  { mapUid = same, mapGid = same }: ReadTreeOptions,
): TreeEntry | undefined {
  const status = attempt('statx', [parent, toBytes(name), AT.SYMLINK_NOFOLLOW, MASK, statBuffer])
  if (status === -E.NOENT) return undefined
  if (status < 0) call('statx', [parent, toBytes(name), AT.SYMLINK_NOFOLLOW, MASK, statBuffer])
  const mode = stat.getUint16(28, true)
  const kind = kinds[mode & S.IFMT]
  if (kind === undefined) return undefined
  const linked = stat.getUint32(16, true) > 1 && kind !== 'directory'
  const inode = `${stat.getUint32(136, true)}:${stat.getUint32(140, true)}:${stat.getBigUint64(32, true)}`
  const common = {
    mode: mode & 0o7777,
    uid: mapUid(stat.getUint32(20, true)),
    gid: mapGid(stat.getUint32(24, true)),
    mtime: { seconds: Number(stat.getBigInt64(112, true)), nanoseconds: stat.getUint32(120, true) },
  }
  const size = kind === 'file' ? Number(stat.getBigUint64(40, true)) : 0
  const device = { deviceMajor: stat.getUint32(128, true), deviceMinor: stat.getUint32(132, true) }
  const bytes = toBytes(kind === 'directory' && path !== '' ? `${path}/` : path || './')
  const first = links.get(inode)
  if (linked && first !== undefined) {
    const member: TarMember = { ...common, kind: 'hardlink', path: bytes, linkTarget: toBytes(first) }
    return { path, member, parent, name, marks: new Map() }
  }
  if (linked) links.set(inode, path)
  const { xattrs, marks } = readXattrs(parent, name)
  const isDevice = kind === 'character' || kind === 'block'
  const member: TarMember = {
    ...common,
    kind,
    path: bytes,
    size,
    xattrs,
    ...(kind === 'symlink' && { linkTarget: readLink(parent, name) }),
    ...(isDevice && device),
  }
  return { path, member, parent, name, marks }
}

const same = (id: number): number => id

function readLink(parent: number, name: ByteString): Uint8Array {
  const target = new Uint8Array(4096)
  return target.slice(0, call('readlinkat', [parent, toBytes(name), target]))
}

const list = new Uint8Array(64 * 1024)
const value = new Uint8Array(64 * 1024)

function readXattrs(
  parent: number,
  name: ByteString,
): Pick<TreeEntry, 'marks'> & { xattrs: Map<string, Uint8Array> } {
  const xattrs = new Map<string, Uint8Array>()
  const marks = new Map<string, Uint8Array>()
  const path = Buffer.concat([Buffer.from(`/proc/self/fd/${parent}/`), toBytes(name)])
  const length = attempt('llistxattr', [path, list])
  for (const xattr of length > 0 ? toByteString(list.subarray(0, length - 1)).split('\0') : []) {
    const size = attempt('lgetxattr', [path, toBytes(xattr), value])
    if (size < 0) continue
    const isMark = overlayPrefix.test(xattr)
    if (isMark) marks.set(xattr.replace(overlayPrefix, ''), value.slice(0, size))
    else if (xattr !== 'security.selinux') xattrs.set(xattr, value.slice(0, size))
  }
  return { xattrs, marks }
}

/** The file's bytes, exactly `size` of them: one that shrinks or grows meanwhile is filled up or cut. */
export function* readContent({ parent, name, member }: TreeEntry): Generator<Uint8Array> {
  const size = member.size ?? 0
  const fd = call('openat', [parent, toBytes(name), O.RDONLY | O.NOFOLLOW | O.CLOEXEC, 0])
  try {
    for (let at = 0; at < size; ) {
      const piece = new Uint8Array(Math.min(512 * 1024, size - at))
      const length = call('read', [fd, piece])
      // Zeros, where there is no more.
      yield length === 0 ? piece : piece.subarray(0, length)
      at += length === 0 ? piece.length : length
    }
  } finally {
    call('close', [fd])
  }
}
