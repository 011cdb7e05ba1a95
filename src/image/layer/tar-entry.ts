/** What an entry is: its header block, and the extension headers before it on top. */
import { type PaxRecords, paxInteger, paxPath, paxTime, paxXattrs } from './pax.ts'
import { paxSparse } from './sparse.ts'
import type { TarHeader, Time } from './tar-header.ts'

export type EntryKind = 'file' | 'hardlink' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo'

export interface TarEntry {
  readonly kind: EntryKind
  /** Bytes as the archive has them; valid during the sink's calls only. */
  readonly path: Uint8Array
  readonly linkTarget: Uint8Array
  /** The permission bits with setuid, setgid and sticky: at most 0o7777. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes of the file, holes included. 0 for everything but files. */
  readonly size: number
  /** Whether the data has holes: then the file's end may be one too. */
  readonly sparse: boolean
  readonly mtime: Time
  readonly atime: Time | undefined
  readonly deviceMajor: number
  readonly deviceMinor: number
  readonly xattrs: ReadonlyMap<string, Uint8Array>
}

/** What came before the entry's own header. */
export interface Extensions {
  longPath?: Buffer
  longLink?: Buffer
  records: PaxRecords
}

const kinds: Record<string, EntryKind> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
  S: 'file',
}

const noXattrs: ReadonlyMap<string, Uint8Array> = new Map()

/** A record, unless it is empty: that deletes it, and the header's field holds. */
function record({ records }: Extensions, key: string): Buffer | undefined {
  const value = records.values.get(key)
  return value === undefined || value.length === 0 ? undefined : value
}

/** A GNU long name goes before a pax one, as in Go's archive/tar. */
export function pathOf(header: TarHeader, extensions: Extensions): Buffer {
  if (extensions.longPath !== undefined) return extensions.longPath
  const sparse = record(extensions, 'GNU.sparse.name')
  if (sparse !== undefined) return paxPath(sparse, 'GNU.sparse.name')
  const path = record(extensions, 'path')
  return path === undefined ? header.path : paxPath(path, 'path')
}

function kindOf({ typeflag }: TarHeader, path: Buffer): EntryKind {
  const kind = kinds[typeflag]
  if (kind === undefined) throw new Error(`its type ${JSON.stringify(typeflag)} is not known`)
  // v7 had no directories, only names that end in a slash.
  return typeflag === '\0' && path.at(-1) === 0x2f ? 'directory' : kind
}

/**
 * The entry, and how many bytes the archive holds for it: `size` is that number until a sparse map says otherwise.
 * @throws Error with the fact when a record makes no sense.
 */
export function describeEntry(
  header: TarHeader,
  extensions: Extensions,
  path: Buffer,
): { entry: TarEntry; packed: number; sparse: ReturnType<typeof paxSparse> } {
  const kind = kindOf(header, path)
  const given = (key: string) => record(extensions, key)
  const integer = (key: string, fallback: number) => {
    const value = given(key)
    return value === undefined ? fallback : paxInteger(value, key)
  }
  const time = (key: string) => {
    const value = given(key)
    return value === undefined ? undefined : paxTime(value, key)
  }
  const link = given('linkpath')
  const hasRecords = extensions.records.values.size > 0
  // Only files have data, whatever the size field says: Go's archive/tar, and so everyone who made the digest.
  const packed = kind === 'file' ? integer('size', header.size) : 0
  const entry: TarEntry = {
    kind,
    path,
    linkTarget: extensions.longLink ?? (link === undefined ? header.linkTarget : paxPath(link, 'linkpath')),
    mode: header.mode & 0o7777,
    uid: integer('uid', header.uid),
    gid: integer('gid', header.gid),
    size: packed,
    sparse: false,
    mtime: time('mtime') ?? { seconds: header.mtimeSeconds, nanoseconds: 0 },
    atime: time('atime'),
    deviceMajor: header.deviceMajor,
    deviceMinor: header.deviceMinor,
    xattrs: hasRecords ? paxXattrs(extensions.records.values) : noXattrs,
  }
  const mayBeSparse = kind === 'file' && (hasRecords || extensions.records.sparseMap.length > 0)
  return { entry, packed, sparse: mayBeSparse ? paxSparse(extensions.records) : undefined }
}
