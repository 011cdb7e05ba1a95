/**
 * The three ways a layer is packed (image-spec layer.md): gzip, zstd (RFC 8878) or not at all.
 *
 * The bytes decide, not the media type: registries hold layers whose type lies (docker's own have one type for
 * everything). zlib and zstd run in the runtime's thread pool; big chunks spare its queue (facts in
 * docs/decisions/decompression.md).
 */
import { pipeline, Transform, type TransformCallback } from 'node:stream'
import * as zlib from 'node:zlib'
import { RegistryError } from '../errors.ts'

export type Compression = 'gzip' | 'zstd' | 'none'

const chunkSize = 512 * 1024

/** By the first bytes, four at least unless there are fewer. */
export function detectCompression(start: Uint8Array): Compression {
  if (start[0] === 0x1f && start[1] === 0x8b) return 'gzip'
  if (start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd) return 'zstd'
  // A skippable frame may come first (RFC 8878, 3.1.2).
  if (start[0]! >> 4 === 5 && start[1] === 0x2a && start[2] === 0x4d && start[3] === 0x18) return 'zstd'
  return 'none'
}

/**
 * The uncompressed bytes of `source`, which is read to its end; when the reader leaves early, `source` has been closed
 * by the time the loop is over.
 * @throws RegistryError when the compressed bytes are damaged or stop short; whatever `source` throws.
 */
export async function* decompress(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]()
  try {
    const start = await peek(iterator)
    const compression = detectCompression(Buffer.concat(start))
    if (compression === 'none') yield* resume(start, iterator)
    else yield* through(compression, resume(start, iterator))
  } finally {
    await iterator.return?.()
  }
}

async function* through(
  compression: 'gzip' | 'zstd',
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let failure: unknown
  async function* watched() {
    try {
      yield* source
    } catch (cause) {
      failure = cause
      throw cause
    }
  }
  const engine = compression === 'gzip' ? zlib.createGunzip({ chunkSize }) : await zstdEngine()
  // pipeline ends both sides whichever fails first: nothing waits for the other (CVE-2021-20291).
  const output = pipeline(watched(), engine, () => {})
  try {
    yield* output as AsyncIterable<Uint8Array>
  } catch (cause) {
    if (failure !== undefined) throw failure
    throw new RegistryError(`Cannot decompress the layer: its ${compression} data is damaged or incomplete`, {
      cause,
    })
  }
}

/** As many chunks as hold the first four bytes. */
async function peek(iterator: AsyncIterator<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  for (let length = 0; length < 4; ) {
    const next = await iterator.next()
    if (next.done === true) break
    chunks.push(next.value)
    length += next.value.length
  }
  return chunks
}

async function* resume(start: Uint8Array[], iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* start
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value
}

type ZstdFactory = (options: { chunkSize: number }) => Transform

/** The runtime's own where it has one (Bun, Node 22.15); fzstd, four times slower, on Node 20. */
async function zstdEngine(): Promise<Transform> {
  const native = (zlib as unknown as { createZstdDecompress?: ZstdFactory }).createZstdDecompress
  if (native !== undefined) return native({ chunkSize })
  const { Decompress } = await import('fzstd')
  let stream: Transform
  const decoder = new Decompress((chunk) => void stream.push(chunk))
  stream = new Transform({
    transform(chunk: Uint8Array, _encoding, done: TransformCallback) {
      run(() => decoder.push(chunk), done)
    },
    flush(done: TransformCallback) {
      run(() => decoder.push(new Uint8Array(), true), done)
    },
  })
  return stream
}

/** fzstd throws; a stream wants the error in its callback. */
function run(work: () => void, done: TransformCallback): void {
  try {
    work()
  } catch (cause) {
    done(cause as Error)
    return
  }
  done()
}
