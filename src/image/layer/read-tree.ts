/**
 * Directory trees as tar members, parents first, names in the order of their bytes: the reverse of unpacking. Read
 * without a mount, so it needs no privileges and leaves nothing behind. What overlayfs keeps for itself is no part of it.
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
  /** From an id of the file system to the one in the tar. */
  readonly mapUid?: (uid: number) => number
  readonly mapGid?: (gid: number) => number
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

/** A device 0:0, or where none could be made an empty file with a mark. */
export const isWhiteout = ({ member, marks }: TreeEntry): boolean =>
  (member.kind === 'character' && member.deviceMajor === 0 && member.deviceMinor === 0) ||
  (member.kind === 'file' && member.size === 0 && marks.has('whiteout'))

/** What it holds is all there is: the layers below add nothing. */
export const isOpaque = ({ marks }: TreeEntry): boolean => marks.get('opaque')?.[0] === 0x79

const directoryFlags = O.RDONLY | O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC

/**
 * Several trees as overlayfs shows them: of each name the topmost, directories merged down to the first that is opaque
 * or no directory. Whiteouts are entries like others, with nothing below them.
 * @param tops open directories, the topmost first; the caller's to close.
 */
export function* readTree(tops: readonly number[], options: ReadTreeOptions = {}): Generator<TreeEntry> {
  const links = new Map<string, ByteString>()
  const first = describe(tops[0]!, '.', '', links, options)
  if (first === undefined) return
  yield first
  yield* contentOf(tops, '')

  function* contentOf(directories: readonly number[], path: ByteString): Generator<TreeEntry> {
    const names = new Map<ByteString, number>()
    for (const [layer, fd] of directories.entries()) {
      for (const name of readDirectory(fd)) if (!names.has(name)) names.set(name, layer)
    }
    for (const name of [...names.keys()].sort()) {
      const layer = names.get(name)!
      const found = describe(directories[layer]!, name, join(path, name), links, options)
      if (found === undefined) continue
      yield found
      if (found.member.kind !== 'directory') continue
      const merged = openMerged(found, directories.slice(layer + 1), options)
      try {
        yield* contentOf(merged, found.path)
      } finally {
        for (const fd of merged) call('close', [fd])
      }
    }
  }
}

/** What is at a name in an open directory, alone; undefined where there is nothing that a tar can hold. */
export const readEntry = (parent: number, name: ByteString, options: ReadTreeOptions = {}) =>
  describe(parent, name, name, new Map(), options)

/** The directory and those below that it is merged with. */
function openMerged(top: TreeEntry, below: readonly number[], options: ReadTreeOptions): number[] {
  const merged = [call('openat', [top.parent, toBytes(top.name), directoryFlags, 0])]
  for (let at = 0, last = top; at < below.length && !isOpaque(last); at++) {
    const next = describe(below[at]!, top.name, top.path, new Map(), options)
    if (next === undefined) continue
    if (next.member.kind !== 'directory') break
    merged.push(call('openat', [below[at]!, toBytes(top.name), directoryFlags, 0]))
    last = next
  }
  return merged
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
  const device = { deviceMajor: stat.getUint32(128, true), deviceMinor: stat.getUint32(132, true) }
  const isDevice = kind === 'character' || kind === 'block'
  // overlayfs makes all its whiteouts links of one.
  const isWhite = kind === 'character' && device.deviceMajor === 0 && device.deviceMinor === 0
  const linked = stat.getUint32(16, true) > 1 && kind !== 'directory' && !isWhite
  const inode = `${stat.getUint32(136, true)}:${stat.getUint32(140, true)}:${stat.getBigUint64(32, true)}`
  const common = {
    mode: mode & 0o7777,
    uid: mapUid(stat.getUint32(20, true)),
    gid: mapGid(stat.getUint32(24, true)),
    mtime: { seconds: Number(stat.getBigInt64(112, true)), nanoseconds: stat.getUint32(120, true) },
  }
  const size = kind === 'file' ? Number(stat.getBigUint64(40, true)) : 0
  const bytes = toBytes(kind === 'directory' && path !== '' ? `${path}/` : path || './')
  const first = links.get(inode)
  if (linked && first !== undefined) {
    const member: TarMember = { ...common, kind: 'hardlink', path: bytes, linkTarget: toBytes(first) }
    return { path, member, parent, name, marks: new Map() }
  }
  if (linked) links.set(inode, path)
  const { xattrs, marks } = readXattrs(parent, name)
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
