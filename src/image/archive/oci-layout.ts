/** Images from an OCI image layout (image-spec image-layout.md): a folder, or a tar of one (skopeo's oci-archive). */
import { RegistryError } from '../../errors.ts'
import type { Descriptor, Platform } from '../content.ts'
import { parseDigest } from '../digest.ts'
import {
  isIndex,
  isManifest,
  largestDocumentBytes,
  parseImageConfig,
  parseIndex,
  parseManifest,
} from '../manifest.ts'
import { choosePlatform, hostPlatform } from '../platform.ts'
import { nameAnnotation } from '../store/image-index.ts'
import { digestOf, verify } from '../verify.ts'
import type { ArchiveFiles } from './archive-files.ts'
import { saveDocument } from './documents.ts'
import type { FoundImage, Loading } from './load.ts'

const pathOf = (digest: string): string => {
  const { algorithm, hex } = parseDigest(digest)
  return `blobs/${algorithm}/${hex}`
}

/** What `index.json` names. @throws RegistryError */
export async function findInLayout(files: ArchiveFiles): Promise<FoundImage[]> {
  const bytes = await files.read('index.json')
  // The file has no media type of its own, and docker's none inside either.
  const found = parseIndex(bytes, {
    mediaType: 'application/vnd.oci.image.index.v1+json',
    digest: digestOf(bytes),
    size: bytes.length,
  })
  return found
    .filter((target) => isIndex(target) || isManifest(target))
    .map((target) => ({
      names: [
        target.annotations?.[nameAnnotation] ??
          target.annotations?.['org.opencontainers.image.ref.name'] ??
          '',
      ].filter((name) => name !== ''),
      load: (loading, platform) => loadTarget(files, target, loading, platform),
    }))
}

async function loadTarget(
  files: ArchiveFiles,
  { mediaType, digest, size, platform: of }: Descriptor,
  loading: Loading,
  platform: Platform | undefined,
): Promise<Descriptor> {
  const target: Descriptor = { mediaType, digest, size, ...(of !== undefined && { platform: of }) }
  let manifest = target
  if (isIndex(target)) {
    const manifests = parseIndex(await document(files, target, loading), target)
    const present = manifests.filter((entry) => isManifest(entry) && files.has(pathOf(entry.digest)))
    manifest = choosePlatform(present, platform ?? hostPlatform(), 'the image')
  }
  const { config, layers } = parseManifest(await document(files, manifest, loading), manifest)
  const image = parseImageConfig(await document(files, config, loading), config.digest, layers.length)
  await loading.layers(layers, image.rootfs.diff_ids, (layer) => files.open(pathOf(layer.digest)))
  return target
}

/** A small blob of the layout, verified and stored. */
async function document(files: ArchiveFiles, descriptor: Descriptor, loading: Loading): Promise<Uint8Array> {
  if (descriptor.size > largestDocumentBytes) {
    throw new RegistryError(
      `Cannot load the image: ${descriptor.digest} has ${descriptor.size} bytes, more than 4 MiB`,
    )
  }
  const content = await files.read(pathOf(descriptor.digest))
  const got = { digest: digestOf(content, parseDigest(descriptor.digest).algorithm), size: content.length }
  verify(descriptor, "the archive's blob", got)
  await saveDocument(loading.content, descriptor, content)
  return content
}
