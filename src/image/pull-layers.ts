/** The layers of an image, some at once, each stored and unpacked while it arrives. */
import { RegistryError } from '../errors.ts'
import { chainIds } from './chain-id.ts'
import type { BlobWriter, ContentStore, Descriptor, LayerStore } from './content.ts'
import type { Registry } from './registry/client.ts'
import { NetworkError } from './registry/failure.ts'
import type { LayerStatus, TransferEvent } from './transfer-event.ts'

/** Docker's number. More connections gain nothing on one registry: unpacking is what takes the time. */
const layersAtOnce = 3

export interface Pull {
  registry: Pick<Registry, 'manifest' | 'blob'>
  store: ContentStore
  layers: LayerStore
  signal: AbortSignal
  progress: (event: TransferEvent) => void
}

/** A layer as the config sees it; one blob may be several of them (an empty layer, for one). */
interface Place {
  diffId: string
  chainId: string
  parent: string | undefined
}

/**
 * Fetches and unpacks all `layers`, the largest first, so that the last one to finish is a short one.
 * @param fail is told the first error at once, and is to abort `pull.signal`
 */
export async function pullLayers(
  pull: Pull,
  layers: readonly Descriptor[],
  diffIds: readonly string[],
  fail: (error: unknown) => void,
): Promise<void> {
  const chain = chainIds(diffIds)
  const blobs = new Map<string, { blob: Descriptor; places: Place[] }>()
  for (const [at, blob] of layers.entries()) {
    const entry = blobs.get(blob.digest) ?? { blob, places: [] }
    entry.places.push({ diffId: diffIds[at]!, chainId: chain[at]!, parent: chain[at - 1] })
    blobs.set(blob.digest, entry)
  }
  for (const { blob } of blobs.values()) tell(pull, blob, 'waiting', 0)

  const queue = [...blobs.values()].sort((a, b) => b.blob.size - a.blob.size)
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      pull.signal.throwIfAborted()
      await pullLayer(pull, next.blob, next.places)
    }
  }
  // All of them settle before anything is thrown: nobody writes into the store after a pull has ended.
  await Promise.allSettled(Array.from({ length: layersAtOnce }, () => work().catch(fail)))
  pull.signal.throwIfAborted()
}

function tell({ progress }: Pull, { digest, size }: Descriptor, status: LayerStatus, done: number): void {
  progress({ kind: 'layer', digest, status, done, total: size })
}

async function pullLayer(pull: Pull, blob: Descriptor, places: readonly Place[]): Promise<void> {
  const { store, layers } = pull
  const isComplete = store.has(blob.digest) && places.every(({ chainId }) => layers.has(chainId))
  if (isComplete) return tell(pull, blob, 'exists', blob.size)

  if (!store.has(blob.digest)) {
    const missing = places.find(({ chainId }) => !layers.has(chainId))
    await fetchBlob(pull, blob, (bytes) => missing && unpack(pull, blob, missing, bytes))
  }
  for (const place of places) {
    if (layers.has(place.chainId)) continue
    await unpack(pull, blob, place, readAgain(pull, blob))
  }
  tell(pull, blob, 'complete', blob.size)
}

/** A blob from the store, each piece told. */
async function* readAgain(pull: Pull, blob: Descriptor): AsyncGenerator<Uint8Array> {
  let done = 0
  tell(pull, blob, 'unpacking', done)
  for await (const piece of pull.store.open(blob.digest)) {
    yield piece
    done += piece.length
    tell(pull, blob, 'unpacking', done)
  }
}

function unpack(
  pull: Pull,
  { mediaType }: Descriptor,
  place: Place,
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { diffId, chainId, parent } = place
  const { signal } = pull
  return pull.layers.unpack(bytes, {
    mediaType,
    diffId,
    chainId,
    signal,
    ...(parent !== undefined && { parent }),
  })
}

/**
 * Brings a blob into the store, verified. `onlooker` may read along; what a resumed download left earlier does not
 * pass by it, so then it is not asked.
 */
export async function fetchBlob(
  pull: Pull,
  blob: Descriptor,
  onlooker?: (bytes: AsyncIterable<Uint8Array>) => Promise<void> | undefined,
): Promise<void> {
  for (let isSecondTry = false; ; isSecondTry = true) {
    const writer = await pull.store.newBlob(blob.digest)
    const bytes = storeAll(pull, blob, writer)
    try {
      if (writer.resumeFrom === 0) await onlooker?.(unclosable(bytes))
      await drain(bytes)
      return
    } catch (error) {
      // A tar that makes no sense is most often one that was altered on its way: the blob's own digest says so.
      if (error instanceof RegistryError) await drain(bytes)
      // What an earlier pull left may be what is wrong; commit has deleted it, and the whole blob may be right.
      const mayBeLeftover = writer.resumeFrom > 0 && error instanceof RegistryError
      if (isSecondTry || !mayBeLeftover || error instanceof NetworkError) throw error
    } finally {
      await bytes.return()
      await writer.abort()
    }
  }
}

/** For a reader that may leave early without ending what it reads from. */
const unclosable = (bytes: AsyncGenerator<Uint8Array>): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]: () => ({ next: () => bytes.next() }),
})

async function drain(bytes: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of bytes);
}

/** The bytes of `blob`, each written to the store before it is passed on; ends only when all were found right. */
async function* storeAll(
  pull: Pull,
  blob: Descriptor,
  writer: BlobWriter,
): AsyncGenerator<Uint8Array, void, undefined> {
  let done = writer.resumeFrom
  tell(pull, blob, 'downloading', done)
  for await (const piece of pull.registry.blob(blob, writer.resumeFrom)) {
    await writer.write(piece)
    done += piece.length
    tell(pull, blob, 'downloading', done)
    yield piece
  }
  await writer.commit(blob)
}
