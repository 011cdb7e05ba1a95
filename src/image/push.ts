/**
 * Pushing an image: its blobs, its manifest, the name last, so that nobody finds a name that leads nowhere.
 */
import { RegistryError } from '../errors.ts'
import type { ContentStore, Descriptor, Platform } from './content.ts'
import { isIndex, isManifest, parseIndex, parseManifest } from './manifest.ts'
import { choosePlatform, formatPlatform, hostPlatform } from './platform.ts'
import { familiarReference, fullReference, type Reference, repositoryName } from './reference.ts'
import { endpointsOf } from './registry/endpoint.ts'
import { openSession, type RegistryOptions, type Session } from './registry/session.ts'
import { hasBlob, putManifest, uploadBlob } from './registry/upload.ts'
import type { LayerStatus, TransferEvent } from './transfer-event.ts'

/** Docker's number. */
const blobsAtOnce = 5

export interface PushOptions extends RegistryOptions {
  store: ContentStore
  /** Of an image for several platforms only this one; default: all, where the store has them all. */
  platform?: Platform | undefined
  /** Another repository of the same registry that is known to hold a blob. */
  heldBy?: (digest: string) => string | undefined
  progress?: ((event: TransferEvent) => void) | undefined
  /** Told when the store holds only one of an image's platforms, and so only that is pushed. */
  onPartial?: ((platform: Platform | undefined) => void) | undefined
}

/** What is to be there before the manifest; people are shown the layers. */
interface Blob extends Descriptor {
  isShown: boolean
}

interface Push extends PushOptions {
  session: Session
  progress: (event: TransferEvent) => void
}

/**
 * Pushes what `reference` names in the store.
 * @returns the descriptor of what the name points at in the registry now
 * @throws RegistryError; the signal's reason
 */
export async function pushImage(reference: Reference, options: PushOptions): Promise<Descriptor> {
  const { store, progress = () => {} } = options
  const target = store.resolve(fullReference(reference))
  if (target === undefined) {
    const name = familiarReference(reference)
    throw new RegistryError(`Cannot push ${name}: An image does not exist locally with the tag: ${name}`)
  }
  const failure = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, failure.signal]) : failure.signal
  // Mirrors are for reading.
  const endpoint = endpointsOf(reference).at(-1)!
  const session = await openSession(endpoint, { ...options, signal })
  const push: Push = { ...options, session, progress }
  progress({ kind: 'push', reference })

  const { top, manifests } = await choose(push, target, reference)
  const blobs = new Map<string, Blob>()
  for (const manifest of manifests) {
    const { config, layers } = parseManifest(await store.read(manifest.digest), manifest)
    for (const layer of layers) blobs.set(layer.digest, { ...layer, isShown: true })
    blobs.set(config.digest, { ...config, isShown: false })
  }
  await pushBlobs(push, [...blobs.values()], (error) => failure.abort(error))

  for (const manifest of manifests) {
    if (manifest.digest === top.digest) continue
    await putManifest(session, manifest.digest, manifest, await store.read(manifest.digest))
  }
  const content = await store.read(top.digest)
  await putManifest(session, reference.tag ?? top.digest, top, content)
  progress({ kind: 'pushed', reference, digest: top.digest, size: content.length })
  return top
}

/** An index is pushed whole where the store has all of it, and else what it has for the platform. */
async function choose(
  { store, platform, onPartial }: Push,
  target: Descriptor,
  reference: Reference,
): Promise<{ top: Descriptor; manifests: Descriptor[] }> {
  if (!isIndex(target)) return { top: target, manifests: [target] }
  const listed = parseIndex(await store.read(target.digest), target)
  const isPresent = await Promise.all(listed.map((manifest) => isComplete(store, manifest)))
  if (platform === undefined && !isPresent.includes(false)) return { top: target, manifests: listed }
  const present = listed.filter((_, at) => isPresent[at])
  const [only] = present
  const chosen =
    platform === undefined && present.length === 1
      ? only!
      : choosePlatform(present, platform ?? hostPlatform(), repositoryName(reference))
  if (platform === undefined) onPartial?.(chosen.platform)
  return { top: chosen, manifests: [chosen] }
}

async function isComplete(store: ContentStore, manifest: Descriptor): Promise<boolean> {
  if (!isManifest(manifest) || !store.has(manifest.digest)) return false
  try {
    const { config, layers } = parseManifest(await store.read(manifest.digest), manifest)
    return [config, ...layers].every(({ digest }) => store.has(digest))
  } catch (error) {
    // No image, or one that cannot be pushed: an attestation of BuildKit's, for one.
    if (error instanceof RegistryError) return false
    throw error
  }
}

async function pushBlobs(push: Push, blobs: Blob[], fail: (error: unknown) => void): Promise<void> {
  const { signal } = push.session
  for (const blob of blobs) tell(push, blob, 'preparing', 0)
  const queue = [...blobs].sort((a, b) => b.size - a.size)
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      signal?.throwIfAborted()
      await pushBlob(push, next)
    }
  }
  // All of them settle before anything is thrown: nobody reads the store after a push has ended.
  await Promise.allSettled(Array.from({ length: blobsAtOnce }, () => work().catch(fail)))
  signal?.throwIfAborted()
}

function tell(
  { progress }: Push,
  { digest, size, isShown }: Blob,
  status: LayerStatus,
  done: number,
  from?: string,
): void {
  if (!isShown) return
  progress({ kind: 'layer', digest, status, done, total: size, ...(from !== undefined && { from }) })
}

async function pushBlob(push: Push, blob: Blob): Promise<void> {
  const { session, store, heldBy } = push
  if (await hasBlob(session, blob.digest)) return tell(push, blob, 'present', blob.size)
  const from = heldBy?.(blob.digest)
  const open = async function* (offset: number): AsyncGenerator<Uint8Array> {
    let done = offset
    for await (const piece of store.open(blob.digest, offset)) {
      done += piece.length
      tell(push, blob, 'pushing', done)
      yield piece
    }
  }
  const result = await uploadBlob(session, blob, open, from)
  tell(push, blob, result, blob.size, result === 'mounted' ? from : undefined)
}

/** For a person: which platform alone was pushed. */
export const partialNote = (platform: Platform | undefined): string =>
  `NOTE: the store has not all platforms of this image: pushed ${platform ? formatPlatform(platform) : 'the one it has'} alone`
