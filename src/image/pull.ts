/**
 * Pulling an image: index -> platform -> manifest -> config -> layers.
 *
 * A layer is written to the store and unpacked while it arrives, and becomes visible only when its digests are right.
 * The name is set last: an interrupted pull leaves whole blobs, and partial ones that the next pull resumes.
 */
import { RegistryError } from '../errors.ts'
import type { ContentStore, Descriptor, LayerStore, Platform } from './content.ts'
import {
  type ImageConfig,
  isIndex,
  isManifest,
  parseImageConfig,
  parseIndex,
  parseManifest,
} from './manifest.ts'
import { choosePlatform, formatPlatform, hostPlatform, matchesPlatform } from './platform.ts'
import { fetchBlob, type Pull, pullLayers } from './pull-layers.ts'
import { familiarReference, fullReference, type Reference } from './reference.ts'
import { openRegistry, type RegistryOptions } from './registry/client.ts'
import type { TransferEvent } from './transfer-event.ts'
import { verify } from './verify.ts'

export interface PullOptions extends RegistryOptions {
  store: ContentStore
  layers: LayerStore
  /** Default: this machine's. When given, a single image for another platform is refused; else it is pulled. */
  platform?: Platform | undefined
  progress?: ((event: TransferEvent) => void) | undefined
}

export interface PulledImage {
  /** What the name now points at: the index where there is one, as in Docker's containerd store. */
  target: Descriptor
  manifest: Descriptor
  config: Descriptor
  /** The image's own, which need not be this machine's. */
  platform: Platform
  /** Whether the name pointed elsewhere before, or nowhere. */
  isNew: boolean
}

/**
 * Pulls `reference` into the store, with all its layers unpacked.
 * @throws RegistryError (NetworkError with `unreachable` when no registry answered), or the signal's reason; the name
 *   then still points where it pointed.
 */
export async function pullImage(reference: Reference, options: PullOptions): Promise<PulledImage> {
  const { store, layers, progress = () => {} } = options
  // The first layer that fails ends the others.
  const failure = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, failure.signal]) : failure.signal
  const registry = openRegistry(reference, { ...options, signal })
  const pull: Pull = { registry, store, layers, signal, progress }
  progress({ kind: 'begin', reference })

  const { target, manifest, content } = await pullManifest(pull, reference, options.platform)
  const { config, layers: blobs } = parseManifest(content, manifest)
  if (!store.has(config.digest)) await fetchBlob({ ...pull, progress: () => {} }, config)
  const image = parseImageConfig(await store.read(config.digest), config.digest, blobs.length)
  if (target === manifest) checkPlatform(image, reference, options.platform)
  await pullLayers(pull, blobs, image.rootfs.diff_ids, (error) => failure.abort(error))

  const name = fullReference(reference)
  const isNew = store.resolve(name)?.digest !== target.digest
  await store.tag(name, target)
  progress({ kind: 'end', reference, digest: target.digest, isNew })
  const { os, architecture, variant } = image
  return { target, manifest, config, platform: { os, architecture, ...(variant && { variant }) }, isNew }
}

interface Resolved {
  target: Descriptor
  /** The same object as `target` when the name is a single image's. */
  manifest: Descriptor
  content: Uint8Array
}

async function pullManifest(pull: Pull, reference: Reference, platform = hostPlatform()): Promise<Resolved> {
  const { registry, store } = pull
  const named = await registry.manifest(reference.digest ?? reference.tag!)
  const target = named.descriptor
  await save(store, target, named.content)
  if (!isIndex(target)) return { target, manifest: target, content: named.content }

  const manifest = choosePlatform(parseIndex(named.content, target), platform, familiarReference(reference))
  if (!isManifest(manifest)) {
    throw new RegistryError(
      `Cannot use index ${target.digest}: it lists a ${manifest.mediaType}, not an image`,
    )
  }
  if (store.has(manifest.digest)) return { target, manifest, content: await store.read(manifest.digest) }
  const { content } = await registry.manifest(manifest.digest)
  verify(manifest, 'manifest', { digest: manifest.digest, size: content.length })
  await save(store, manifest, content)
  return { target, manifest, content }
}

/** Puts a document that is already verified into the store. */
async function save(store: ContentStore, descriptor: Descriptor, content: Uint8Array): Promise<void> {
  if (store.has(descriptor.digest)) return
  const writer = await store.newBlob(descriptor.digest)
  try {
    await writer.write(content.subarray(writer.resumeFrom))
    await writer.commit(descriptor)
  } finally {
    await writer.abort()
  }
}

/** A single image does not say what it is for until its config is read. */
function checkPlatform(image: ImageConfig, reference: Reference, asked: Platform | undefined): void {
  const wanted = asked ?? { os: 'linux', architecture: image.architecture }
  const isRight = asked === undefined ? image.os === 'linux' : matchesPlatform(image, wanted)
  if (isRight) return
  throw new RegistryError(
    `Cannot pull ${familiarReference(reference)} for ${formatPlatform(wanted)}: ` +
      `it exists only for ${formatPlatform(image)}`,
  )
}
