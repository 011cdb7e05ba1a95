/** From a name's descriptor to the image of a platform: manifest, config and the layers' chain ids. */
import { RegistryError } from '../../errors.ts'
import { MEDIA_TYPE } from '../../oci/image-spec.ts'
import { chainIds } from '../chain-id.ts'
import type { ContentStore, Descriptor, Platform } from '../content.ts'
import {
  type ImageConfig,
  isIndex,
  isManifest,
  parseImageConfig,
  parseIndex,
  parseManifest,
} from '../manifest.ts'
import { choosePlatform, hostPlatform, matchesPlatform } from '../platform.ts'

export interface StoredImage {
  readonly manifest: Descriptor
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
  readonly document: ImageConfig
  /** Lowest layer first. */
  readonly chain: readonly string[]
}

type Content = Pick<ContentStore, 'has' | 'read'>

export async function readImage(content: Content, manifest: Descriptor): Promise<StoredImage> {
  const { config, layers } = parseManifest(await content.read(manifest.digest), manifest)
  const document = parseImageConfig(await content.read(config.digest), config.digest, layers.length)
  return { manifest, config, layers, document, chain: chainIds(document.rootfs.diff_ids) }
}

/** A manifest in the store by its digest alone: it says itself what it is, unless it is of OCI's first version. */
export async function describeManifest(content: Content, digest: string): Promise<Descriptor> {
  const bytes = await content.read(digest)
  const document = JSON.parse(Buffer.from(bytes).toString()) as Partial<Descriptor>
  return { mediaType: document.mediaType ?? MEDIA_TYPE.imageManifest, digest, size: bytes.length }
}

/**
 * The manifest that `target` names: itself, or of an index the one for `platform`. Without a platform the one for this
 * machine, or, where the store has only another (`pull --platform`), that one.
 * @throws RegistryError
 */
export async function chooseManifest(
  content: Content,
  target: Descriptor,
  reference: string,
  platform?: Platform,
): Promise<Descriptor> {
  if (!isIndex(target)) return target
  const manifests = parseIndex(await content.read(target.digest), target).filter(isManifest)
  const present = manifests.filter(({ digest }) => content.has(digest))
  if (platform !== undefined) return choosePlatform(present, platform, reference)
  const host = hostPlatform()
  const chosen =
    present.find((entry) => entry.platform && matchesPlatform(entry.platform, host)) ?? present[0]
  if (chosen === undefined) throw new RegistryError(`Cannot use ${reference}: none of its images was pulled`)
  return chosen
}

/** Every blob that `target` needs and the store has; an index keeps all its platforms that were pulled. */
export async function reachable(
  content: Content,
  target: Descriptor,
): Promise<{ blobs: string[]; chains: string[] }> {
  const found = { blobs: [target.digest], chains: [] as string[] }
  if (!content.has(target.digest)) return found
  const manifests = isIndex(target) ? parseIndex(await content.read(target.digest), target) : [target]
  for (const manifest of manifests) {
    if (!isManifest(manifest) || !content.has(manifest.digest)) continue
    found.blobs.push(manifest.digest)
    const { config, layers } = parseManifest(await content.read(manifest.digest), manifest)
    found.blobs.push(config.digest, ...layers.map(({ digest }) => digest))
    if (!content.has(config.digest)) continue
    const { rootfs } = parseImageConfig(await content.read(config.digest), config.digest, layers.length)
    found.chains.push(...chainIds(rootfs.diff_ids))
  }
  return found
}
