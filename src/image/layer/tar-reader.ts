/**
 * A streaming tar reader: bytes are pushed in, entries come out of a sink, synchronously and in order.
 *
 * Formats: v7, ustar, GNU (long names, base-256, sparse), star, pax (local and global headers, sparse 0.0 to 1.0).
 * Where readers of the world differ, this one reads as Go's archive/tar (docker, containerd, umoci), so that an
 * archive cannot show one tree to a scanner and another to us.
 */
import { RegistryError } from '../../errors.ts'
import { display } from './bytes.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { noRecords, type PaxRecords, parsePax, paxInteger, paxPath, paxTime, paxXattrs } from './pax.ts'
import { oldGnuMap, pax10Map, paxSparse, type Region, regionsOf } from './sparse.ts'
import { BLOCK, isZeroBlock, parseHeader, type TarHeader, type Time, untilNul } from './tar-header.ts'

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

export interface TarSink {
  entry(entry: TarEntry): void
  /** A piece of the last entry's content at a byte position; pieces ascend. */
  data(piece: Uint8Array, position: number): void
  /** All of the entry's content has come. */
  done(): void
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

/** One entry's parts, gathered from the blocks before its data. */
interface Gathered {
  longPath?: Buffer
  longLink?: Buffer
  records: PaxRecords
}

type Needs<T> = Generator<undefined, T, undefined>

export class TarReader {
  readonly #sink: TarSink
  readonly #limits: Limits
  readonly #parser: Needs<void>
  #chunk: Buffer = Buffer.alloc(0)
  #at = 0
  #before = 0
  #ended = false
  #finished = false
  #entries = 0
  #current = ''
  #entryOffset = 0

  constructor(sink: TarSink, limits: Limits = defaultLimits) {
    this.#sink = sink
    this.#limits = limits
    this.#parser = this.#parse()
  }

  /** Takes a chunk; every entry and piece it completes has reached the sink on return. Later bytes may reuse it. */
  push(chunk: Uint8Array): void {
    this.#before += this.#chunk.length
    this.#chunk = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    this.#at = 0
    if (this.#before + chunk.length > this.#limits.bytes) {
      throw this.#error(`the layer is larger than the limit of ${this.#limits.bytes} bytes`)
    }
    // What follows the end marker is padding: it belongs to the digest, not to the tree.
    if (!this.#finished) this.#finished = this.#parser.next().done === true
  }

  /** The input is over. @throws RegistryError when it stopped inside an entry. */
  end(): void {
    this.push(Buffer.alloc(0))
    this.#ended = true
    if (!this.#finished) this.#parser.next()
  }

  /** An error that names the entry being read and where its header stands. */
  #error(fact: string, options?: ErrorOptions): RegistryError {
    const where = this.#current === '' ? '' : ` of "${this.#current}"`
    return new RegistryError(
      `Cannot read the tar entry${where} at byte ${this.#entryOffset}: ${fact}`,
      options,
    )
  }

  *#parse(): Needs<void> {
    let globals = noRecords()
    for (;;) {
      this.#current = ''
      this.#entryOffset = this.#before + this.#at
      const gathered: Gathered = { records: noRecords() }
      const header = yield* this.#gather(gathered, (records) => {
        globals = merged(globals, records)
      })
      if (header === undefined) return
      if (++this.#entries > this.#limits.entries)
        throw this.#error(`there are more than ${this.#limits.entries} entries`)
      yield* this.#entry(header.header, header.block, {
        ...gathered,
        records: merged(globals, gathered.records),
      })
    }
  }

  /** Reads extension headers up to the entry's own. Undefined at the archive's end. */
  *#gather(
    gathered: Gathered,
    setGlobals: (records: PaxRecords) => void,
  ): Needs<{ header: TarHeader; block: Buffer } | undefined> {
    let extensions = 0
    for (;;) {
      const view = yield* this.#block(extensions === 0)
      if (view === undefined) return undefined
      const block = Buffer.from(view)
      if (isZeroBlock(block)) {
        if (extensions > 0) throw this.#error('a header announces an entry and the archive ends')
        const second = yield* this.#block(true)
        if (second !== undefined && !isZeroBlock(second)) throw this.#error('it follows a block of zeros')
        return undefined
      }
      const header = this.#checked(() => parseHeader(block))
      if (header.size < 0) throw this.#error(`its size is negative (${header.size})`)
      if (++extensions > 64) throw this.#error('it has more than 64 extension headers')
      if (!'xgLKV'.includes(header.typeflag)) return { header, block }
      const body = yield* this.#extension(header)
      if (header.typeflag === 'x') gathered.records = this.#checked(() => parsePax(body))
      if (header.typeflag === 'g') setGlobals(this.#checked(() => globalRecords(parsePax(body))))
      if (header.typeflag === 'L') gathered.longPath = untilNul(body)
      if (header.typeflag === 'K') gathered.longLink = untilNul(body)
    }
  }

  *#extension(header: TarHeader): Needs<Buffer> {
    if (header.size > this.#limits.extensionBytes) {
      throw this.#error(
        `its extension header has ${header.size} bytes, more than ${this.#limits.extensionBytes}`,
      )
    }
    const padded = yield* this.#take(padTo(header.size))
    return Buffer.from(padded.subarray(0, header.size))
  }

  *#entry(header: TarHeader, block: Buffer, gathered: Gathered): Needs<void> {
    const { values } = gathered.records
    const given = (key: string) => (values.get(key)?.length ? values.get(key)! : undefined)
    const sparse = this.#checked(() => paxSparse(gathered.records))
    const path =
      gathered.longPath ??
      this.#checked(() => (sparse?.path ? paxPath(sparse.path, 'GNU.sparse.name') : undefined)) ??
      this.#checked(() => (given('path') ? paxPath(given('path')!, 'path') : header.path))
    this.#current = display(path)
    const linkTarget =
      gathered.longLink ??
      this.#checked(() => (given('linkpath') ? paxPath(given('linkpath')!, 'linkpath') : header.linkTarget))
    const kind = this.#kind(header, path)
    const integer = (key: string, fallback: number) =>
      this.#checked(() => (given(key) ? paxInteger(given(key)!, key) : fallback))
    // Only files have data, whatever the size field says: Go's archive/tar, and so everyone who made the digest.
    let packed = kind === 'file' ? integer('size', header.size) : 0
    let realSize = packed
    let regions: Region[] | undefined
    if (kind === 'file' && header.typeflag === 'S') {
      const map = yield* this.#blocksInto(oldGnuMap(block))
      realSize = map.realSize
      regions = this.#checked(() => regionsOf(map.numbers, realSize, packed))
    } else if (kind === 'file' && sparse !== undefined) {
      realSize = sparse.realSize ?? packed
      let numbers = sparse.numbers
      if (sparse.format === '1.0') {
        const map = yield* this.#blocksInto(pax10Map(padTo(packed)))
        numbers = map.numbers
        packed -= map.bytes
      }
      regions = this.#checked(() => regionsOf(numbers, realSize, packed))
    }
    const time = (key: string) => this.#checked(() => (given(key) ? paxTime(given(key)!, key) : undefined))
    this.#sink.entry({
      kind,
      path,
      linkTarget,
      mode: header.mode & 0o7777,
      uid: integer('uid', header.uid),
      gid: integer('gid', header.gid),
      size: realSize,
      sparse: regions !== undefined,
      mtime: time('mtime') ?? { seconds: header.mtimeSeconds, nanoseconds: 0 },
      atime: time('atime'),
      deviceMajor: header.deviceMajor,
      deviceMinor: header.deviceMinor,
      xattrs: this.#checked(() => (values.size === 0 ? noXattrs : paxXattrs(values))),
    })
    for (const region of regions ?? [{ offset: 0, length: packed }]) yield* this.#content(region)
    this.#sink.done()
    yield* this.#skip(padTo(packed) - packed)
  }

  #kind(header: TarHeader, path: Buffer): EntryKind {
    const kind = kinds[header.typeflag]
    if (kind === undefined) throw this.#error(`its type ${JSON.stringify(header.typeflag)} is not known`)
    // v7 had no directories, only names that end in a slash.
    return header.typeflag === '\0' && path.at(-1) === 0x2f ? 'directory' : kind
  }

  *#content(region: Region): Needs<void> {
    let position = region.offset
    const end = region.offset + region.length
    while (position < end) {
      const piece = this.#chunk.subarray(this.#at, this.#at + (end - position))
      if (piece.length === 0) {
        yield* this.#more()
        continue
      }
      this.#at += piece.length
      this.#sink.data(piece, position)
      position += piece.length
    }
  }

  *#skip(length: number): Needs<void> {
    let left = length
    while (left > 0) {
      const step = Math.min(left, this.#chunk.length - this.#at)
      this.#at += step
      left -= step
      if (left > 0) yield* this.#more()
    }
  }

  *#more(): Needs<void> {
    if (this.#ended)
      throw this.#error(`the archive ends inside it, at byte ${this.#before + this.#at}: it is truncated`)
    yield
  }

  /** A header block, or undefined when the archive ends where one may begin: end markers are often missing. */
  *#block(mayEnd: boolean): Needs<Buffer | undefined> {
    while (mayEnd && this.#at === this.#chunk.length) {
      if (this.#ended) return undefined
      yield
    }
    return yield* this.#take(BLOCK)
  }

  *#take(length: number): Needs<Buffer> {
    const start = this.#at
    if (start + length <= this.#chunk.length) {
      this.#at += length
      return this.#chunk.subarray(start, this.#at)
    }
    const whole = Buffer.allocUnsafe(length)
    let filled = 0
    for (;;) {
      const copied = this.#chunk.copy(whole, filled, this.#at)
      this.#at += copied
      filled += copied
      if (filled === length) return whole
      yield* this.#more()
    }
  }

  *#blocksInto<T>(map: Generator<undefined, T, Buffer>): Needs<T> {
    let step = this.#checked(() => map.next(Buffer.alloc(0)))
    while (step.done !== true) {
      const block = yield* this.#take(BLOCK)
      step = this.#checked(() => map.next(block))
    }
    return step.value
  }

  /** Gives the bare facts of the pure parsers their entry and offset. */
  #checked<T>(parse: () => T): T {
    try {
      return parse()
    } catch (cause) {
      throw this.#error((cause as Error).message)
    }
  }
}

const noXattrs: ReadonlyMap<string, Uint8Array> = new Map()

const padTo = (size: number): number => Math.ceil(size / BLOCK) * BLOCK

/** A global header may set what entries share; one that moves or resizes every entry only serves to deceive. */
function globalRecords(records: PaxRecords): PaxRecords {
  for (const key of records.values.keys()) {
    if (key === 'path' || key === 'linkpath' || key === 'size' || key.startsWith('GNU.sparse.')) {
      throw new Error(`a global pax header sets ${key} for all entries`)
    }
  }
  if (records.sparseMap.length > 0) throw new Error('a global pax header sets a sparse map for all entries')
  return records
}

function merged(under: PaxRecords, over: PaxRecords): PaxRecords {
  if (under.values.size === 0) return over
  return { values: new Map([...under.values, ...over.values]), sparseMap: over.sparseMap }
}
