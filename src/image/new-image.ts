/** Images made here (commit, import): an image below or none, a layer on top, and what the config says anew. */
import type { HistoryEntry } from '../oci/image-spec.ts'
import { MEDIA_TYPE } from '../oci/image-spec.ts'
import { saveDocument } from './archive/documents.ts'
import { chainIds } from './chain-id.ts'
import type { Descriptor, Platform } from './content.ts'
import type { DockerConfig } from './image-change.ts'
import type { NewLayer } from './new-layer.ts'
import type { StoredImage } from './store/resolve-image.ts'
import type { ImageStore } from './store.ts'
import { digestOf } from './verify.ts'

export interface NewImage {
  readonly base?: StoredImage
  /** Absent: only the config is new. */
  readonly layer: NewLayer | undefined
  readonly config: DockerConfig
  readonly platform: Platform
  readonly author?: string
  readonly history: HistoryEntry & { created: string }
}

/** OCI's names for what docker's manifests call by their own: a manifest has one dialect. */
const ociTypes: Readonly<Record<string, string>> = {
  [MEDIA_TYPE.dockerLayer]: MEDIA_TYPE.layer,
  [MEDIA_TYPE.dockerLayerGzip]: MEDIA_TYPE.layerGzip,
  [MEDIA_TYPE.dockerLayerZstd]: MEDIA_TYPE.layerZstd,
}

/**
 * Stores the image, with its layer unpacked. It has no name yet: `content.tag` gives it one.
 * @returns the manifest, and the image's id
 */
export async function addImage(
  store: ImageStore,
  image: NewImage,
): Promise<{ manifest: Descriptor; id: string }> {
  const { base, layer, history } = image
  const below = base?.document.rootfs.diff_ids ?? []
  const diffIds = layer === undefined ? below : [...below, layer.diffId]
  if (layer !== undefined) await unpack(store, layer, diffIds)
  const config = await put(store, MEDIA_TYPE.imageConfig, {
    created: history.created,
    ...(image.author !== undefined && image.author !== '' && { author: image.author }),
    ...image.platform,
    config: image.config,
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: [
      ...(base?.document.history ?? []),
      { ...history, ...(layer === undefined && { empty_layer: true }) },
    ],
  })
  const layers = (base?.layers ?? []).map(({ mediaType, digest, size }) => ({
    mediaType: ociTypes[mediaType] ?? mediaType,
    digest,
    size,
  }))
  const manifest = await put(store, MEDIA_TYPE.imageManifest, {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.imageManifest,
    config,
    layers: layer === undefined ? layers : [...layers, layer.descriptor],
  })
  return { manifest, id: config.digest }
}

async function unpack(
  store: ImageStore,
  { descriptor, diffId }: NewLayer,
  diffIds: readonly string[],
): Promise<void> {
  const chainId = chainIds(diffIds).at(-1)!
  if (store.layers.has(chainId)) return
  const { mediaType, digest } = descriptor
  await store.layers.unpack(store.content.open(digest), { mediaType, diffId, chainId })
}

async function put(store: ImageStore, mediaType: string, document: object): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(document))
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length }
  await saveDocument(store.content, descriptor, bytes)
  return descriptor
}
