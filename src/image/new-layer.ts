/** A layer made here (commit, import): compressed into the store, then unpacked from there as a pulled one is. */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { RegistryError } from '../errors.ts'
import { MEDIA_TYPE } from '../oci/image-spec.ts'
import type { Descriptor } from './content.ts'
import type { ImageStore } from './store.ts'

export interface NewLayer {
  readonly descriptor: Descriptor
  /** The digest of the uncompressed tar. */
  readonly diffId: string
}

/** Two blocks of zeros: a layer that changes nothing is left out, as docker does. */
const emptyTar = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef'

/** Level 1: three times as fast as the default and a tenth larger; whoever waits is a person. */
const gzipOptions = { level: 1, chunkSize: 256 * 1024 }

type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** Compresses a tar into the store. Undefined: it has no entry. @throws RegistryError when the disk is full */
export async function addLayer(store: ImageStore, tar: Bytes): Promise<NewLayer | undefined> {
  const path = store.temporaryPath('layer')
  const diff = createHash('sha256')
  const blob = createHash('sha256')
  let size = 0
  async function* hashed() {
    for await (const piece of tar) {
      diff.update(piece)
      yield piece
    }
  }
  async function* counted(source: AsyncIterable<Uint8Array>) {
    for await (const piece of source) {
      blob.update(piece)
      size += piece.length
      yield piece
    }
  }
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 })
  try {
    await pipeline(Readable.from(hashed()), createGzip(gzipOptions), counted, file)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOSPC') throw cause
    throw new RegistryError('Cannot write the layer: no space is left on the disk', { cause })
  }
  const diffId = `sha256:${diff.digest('hex')}`
  if (diffId === emptyTar) return undefined
  const descriptor = { mediaType: MEDIA_TYPE.layerGzip, digest: `sha256:${blob.digest('hex')}`, size }
  store.adopt(path, descriptor.digest)
  return { descriptor, diffId }
}
