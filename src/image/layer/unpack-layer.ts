/** A layer's bytes to a directory: decompress, hash, parse and write in one pass. */
import { RegistryError } from '../../errors.ts'
import { decompress } from '../decompress.ts'
import { startHash } from '../verify.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { TarReader, type TarSink } from './tar-reader.ts'
import { LayerUnpacker, type UnpackTarget } from './unpack.ts'

export interface UnpackedLayer {
  /** Bytes of the uncompressed tar. */
  readonly bytes: number
  /** Bytes of the files in it. */
  readonly contentBytes: number
  /** What could not be kept and how often: device nodes and xattrs that our privileges do not allow. */
  readonly skipped: ReadonlyMap<string, number>
}

/**
 * Unpacks `source`, read to its very end, into `target`. On failure the directory holds a part of the layer: it is the
 * caller's to delete.
 * @param diffId the digest that the uncompressed tar must have.
 * @throws RegistryError, naming the entry; whatever `source` throws.
 */
export async function unpackLayer(
  source: AsyncIterable<Uint8Array>,
  options: { diffId: string; target: UnpackTarget; limits?: Limits; signal?: AbortSignal },
): Promise<UnpackedLayer> {
  const hash = startHash(options.diffId)
  const unpacker = new LayerUnpacker(options.target)
  const sink: TarSink = {
    entry(entry) {
      contentBytes += entry.size
      unpacker.entry(entry)
    },
    data: (piece, position) => unpacker.data(piece, position),
    done: () => unpacker.done(),
  }
  const reader = new TarReader(sink, options.limits ?? defaultLimits)
  let bytes = 0
  let contentBytes = 0
  try {
    for await (const chunk of decompress(source)) {
      options.signal?.throwIfAborted()
      hash.update(chunk)
      bytes += chunk.length
      reader.push(chunk)
    }
    reader.end()
    const diffId = `${options.diffId.split(':')[0]}:${hash.digest('hex')}`
    if (diffId !== options.diffId) {
      throw new RegistryError(
        `Cannot use the layer ${options.diffId}: what was unpacked has the digest ${diffId}; the image is damaged or forged`,
      )
    }
    unpacker.finish()
    return { bytes, contentBytes, skipped: unpacker.skipped }
  } finally {
    unpacker.close()
  }
}
