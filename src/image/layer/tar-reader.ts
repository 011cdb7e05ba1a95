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
import { checkGlobals, mergeRecords, noRecords, type PaxRecords, parsePax } from './pax.ts'
import { oldGnuMap, pax10Map, type Region, regionsOf } from './sparse.ts'
import { describeEntry, type Extensions, pathOf, type TarEntry } from './tar-entry.ts'
import { BLOCK, isZeroBlock, parseHeader, type TarHeader, untilNul } from './tar-header.ts'
import { type Needs, TarInput } from './tar-input.ts'

export interface TarSink {
  entry(entry: TarEntry): void
  /** A piece of the last entry's content at a byte position; pieces ascend. */
  data(piece: Uint8Array, position: number): void
  /** All of the entry's content has come. */
  done(): void
}

export class TarReader {
  readonly #sink: TarSink
  readonly #limits: Limits
  readonly #parser: Needs<void>
  readonly #input: TarInput
  #finished = false
  #entries = 0
  /** The name of the entry being read, once it is known. */
  #current: Uint8Array | undefined
  #entryOffset = 0
  /** The header being read, copied: one allocation for all. Nobody looks at it after the next one has come. */
  readonly #header: Buffer = Buffer.alloc(BLOCK)

  constructor(sink: TarSink, limits: Limits = defaultLimits) {
    this.#sink = sink
    this.#limits = limits
    this.#input = new TarInput((offset) =>
      this.#error(`the archive ends inside it, at byte ${offset}: it is truncated`),
    )
    this.#parser = this.#parse()
  }

  /** How many bytes of the archive are behind: in `entry`, of a file without holes, where its content begins. */
  get offset(): number {
    return this.#input.offset
  }

  /** Takes a chunk; every entry and piece it completes has reached the sink on return. Later bytes may reuse it. */
  push(chunk: Uint8Array): void {
    if (this.#input.push(chunk) > this.#limits.bytes) {
      throw this.#error(`the layer is larger than the limit of ${this.#limits.bytes} bytes`)
    }
    // What follows the end marker is padding: it belongs to the digest, not to the tree.
    if (!this.#finished) this.#finished = this.#parser.next().done === true
  }

  /** The input is over. @throws RegistryError when it stopped inside an entry. */
  end(): void {
    this.push(Buffer.alloc(0))
    this.#input.ended = true
    if (!this.#finished) this.#parser.next()
  }

  /** An error that names the entry being read and where its header stands. */
  #error(fact: string, options?: ErrorOptions): RegistryError {
    const where = this.#current === undefined ? '' : ` of "${display(this.#current)}"`
    return new RegistryError(
      `Cannot read the tar entry${where} at byte ${this.#entryOffset}: ${fact}`,
      options,
    )
  }

  *#parse(): Needs<void> {
    let globals = noRecords()
    for (;;) {
      this.#current = undefined
      this.#entryOffset = this.offset
      const gathered: Extensions = { records: noRecords() }
      const header = yield* this.#gather(gathered, (records) => {
        globals = mergeRecords(globals, records)
      })
      if (header === undefined) return
      if (++this.#entries > this.#limits.entries)
        throw this.#error(`there are more than ${this.#limits.entries} entries`)
      yield* this.#entry(header.header, header.block, {
        ...gathered,
        records: mergeRecords(globals, gathered.records),
      })
    }
  }

  /** Reads extension headers up to the entry's own. Undefined at the archive's end. */
  *#gather(
    gathered: Extensions,
    setGlobals: (records: PaxRecords) => void,
  ): Needs<{ header: TarHeader; block: Buffer } | undefined> {
    let extensions = 0
    for (;;) {
      const block = this.#header
      if (this.#input.has(BLOCK)) {
        this.#input.copy(block, BLOCK)
      } else {
        const pieced = yield* this.#input.block(extensions === 0)
        if (pieced === undefined) return undefined
        pieced.copy(block)
      }
      if (isZeroBlock(block)) {
        if (extensions > 0) throw this.#error('a header announces an entry and the archive ends')
        const second = yield* this.#input.block(true)
        if (second !== undefined && !isZeroBlock(second)) throw this.#error('it follows a block of zeros')
        return undefined
      }
      const header = this.#checked(() => parseHeader(block))
      if (header.size < 0) throw this.#error(`its size is negative (${header.size})`)
      if (++extensions > 64) throw this.#error('it has more than 64 extension headers')
      if (!'xgLKV'.includes(header.typeflag)) return { header, block }
      const body = yield* this.#extension(header)
      if (header.typeflag === 'x') gathered.records = this.#checked(() => parsePax(body))
      if (header.typeflag === 'g') setGlobals(this.#checked(() => checkGlobals(parsePax(body))))
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
    const padded = padTo(header.size)
    if (!this.#input.has(padded)) {
      const pieced = yield* this.#input.take(padded)
      return Buffer.from(pieced.subarray(0, header.size))
    }
    const body = Buffer.allocUnsafeSlow(header.size)
    this.#input.copy(body, header.size)
    this.#input.at += padded - header.size
    return body
  }

  *#entry(header: TarHeader, block: Buffer, extensions: Extensions): Needs<void> {
    const path = this.#checked(() => pathOf(header, extensions))
    this.#current = path
    const { entry, packed, sparse } = this.#checked(() => describeEntry(header, extensions, path))
    if (header.typeflag === 'S') {
      const { numbers, realSize } = yield* this.#blocksInto(oldGnuMap(block))
      yield* this.#file(entry, packed, { numbers, realSize })
    } else if (sparse?.format === '1.0') {
      const { numbers, bytes } = yield* this.#blocksInto(pax10Map(padTo(packed)))
      yield* this.#file(entry, packed - bytes, { numbers, realSize: sparse.realSize ?? packed })
    } else if (sparse !== undefined) {
      yield* this.#file(entry, packed, { numbers: sparse.numbers, realSize: sparse.realSize ?? packed })
    } else {
      this.#sink.entry(entry)
      const padded = padTo(packed)
      const input = this.#input
      if (input.has(padded)) {
        // All of it is here, as it is for nearly every file: no generator is made.
        if (packed > 0) this.#sink.data(input.chunk.subarray(input.at, input.at + packed), 0)
        input.at += packed
        this.#sink.done()
        input.at += padded - packed
        return
      }
      yield* this.#content({ offset: 0, length: packed })
      this.#sink.done()
      yield* this.#input.skip(padded - packed)
    }
  }

  /** A file with holes. */
  *#file(
    entry: TarEntry,
    packed: number,
    map: { numbers: readonly number[]; realSize: number },
  ): Needs<void> {
    const regions = this.#checked(() => regionsOf(map.numbers, map.realSize, packed))
    this.#sink.entry({ ...entry, size: map.realSize, sparse: true })
    for (const region of regions) yield* this.#content(region)
    this.#sink.done()
    yield* this.#input.skip(padTo(packed) - packed)
  }

  *#content(region: Region): Needs<void> {
    const input = this.#input
    let position = region.offset
    const end = region.offset + region.length
    while (position < end) {
      const piece = input.chunk.subarray(input.at, input.at + (end - position))
      if (piece.length === 0) {
        yield* input.more()
        continue
      }
      input.at += piece.length
      this.#sink.data(piece, position)
      position += piece.length
    }
  }

  *#blocksInto<T>(map: Generator<undefined, T, Buffer>): Needs<T> {
    let step = this.#checked(() => map.next(Buffer.alloc(0)))
    while (step.done !== true) {
      const block = yield* this.#input.take(BLOCK)
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

const padTo = (size: number): number => Math.ceil(size / BLOCK) * BLOCK
