/** What a name holds, platform by platform: what `images --tree` shows. */
import type { Descriptor, Platform } from '../../image/content.ts'
import { isIndex, isManifest, parseIndex } from '../../image/manifest.ts'
import { readImage } from '../../image/store/resolve-image.ts'
import type { ImageStore } from '../../image/store.ts'

export interface PlatformImage {
  /** Of its manifest. */
  readonly digest: string
  readonly platform: Platform
  /** Bytes of its blobs, 0 where it was not pulled; and of those with its unpacked layers. */
  readonly content: number
  readonly total: number
}

/** In the order of the index; an image without one is its own and only platform. */
export async function imagePlatforms(store: ImageStore, target: Descriptor): Promise<PlatformImage[]> {
  const { content } = store
  const manifests = isIndex(target) ? parseIndex(await content.read(target.digest), target) : [target]
  // What attests where another came from is in the index too, for a platform that is none.
  const images = manifests.filter((each) => isManifest(each) && each.platform?.os !== 'unknown')
  return Promise.all(images.map((manifest) => describe(store, manifest)))
}

async function describe(store: ImageStore, manifest: Descriptor): Promise<PlatformImage> {
  const { digest, platform } = manifest
  if (!store.content.has(digest)) {
    return { digest, platform: platform ?? { os: 'unknown', architecture: 'unknown' }, content: 0, total: 0 }
  }
  const { config, layers, document, chain } = await readImage(store.content, manifest)
  const present = [manifest, config, ...layers].filter((blob) => store.content.has(blob.digest))
  const content = present.reduce((sum, { size }) => sum + size, 0)
  const unpacked = chain.filter((chainId) => store.layers.has(chainId))
  const { os, architecture, variant } = document
  return {
    digest,
    platform: platform ?? { os, architecture, ...(variant !== undefined && { variant }) },
    content,
    total: unpacked.reduce((sum, chainId) => sum + store.layers.bytes(chainId), content),
  }
}
