/**
 * Images from `docker save` (and skopeo's docker-archive, and podman save): manifest.json lists for each image its
 * config, its names and its layers, all as files of the tar. The image becomes an OCI one with the same config, so its
 * id stays; the layers stay as they are.
 */
import { RegistryError } from '../../errors.ts'
import type { Descriptor, Platform } from '../content.ts'
import { detectCompression } from '../decompress.ts'
import { parseImageConfig } from '../manifest.ts'
import { matchesPlatform } from '../platform.ts'
import { digestOf, startHash } from '../verify.ts'
import type { ArchiveFiles } from './archive-files.ts'
import { saveDocument } from './documents.ts'
import type { FoundImage, Loading } from './load.ts'

interface ManifestEntry {
  Config: string
  RepoTags?: string[] | null
  Layers: string[]
}

const mediaTypes = {
  none: 'application/vnd.oci.image.layer.v1.tar',
  gzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  zstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
} as const

const isStrings = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

export async function findInDockerArchive(files: ArchiveFiles): Promise<FoundImage[]> {
  let entries: unknown
  try {
    entries = JSON.parse(Buffer.from(await files.read('manifest.json')).toString())
  } catch (cause) {
    if (cause instanceof RegistryError) throw cause
    throw new RegistryError('Cannot load the image: its manifest.json is not JSON', { cause })
  }
  if (!Array.isArray(entries))
    throw new RegistryError('Cannot load the image: its manifest.json is not a list')
  return entries.map((entry: Partial<ManifestEntry> | null) => {
    const { Config, RepoTags, Layers } = entry ?? {}
    if (typeof Config !== 'string' || !isStrings(Layers) || !isStrings(RepoTags ?? [])) {
      throw new RegistryError('Cannot load the image: its manifest.json lacks Config, Layers or RepoTags')
    }
    return {
      names: RepoTags ?? [],
      load: (loading, platform) => loadEntry(files, { Config, Layers }, loading, platform),
    }
  })
}

async function loadEntry(
  files: ArchiveFiles,
  { Config, Layers }: ManifestEntry,
  loading: Loading,
  platform: Platform | undefined,
): Promise<Descriptor> {
  const configBytes = await files.read(Config)
  const config = describe('application/vnd.oci.image.config.v1+json', configBytes)
  const image = parseImageConfig(configBytes, config.digest, Layers.length)
  if (platform !== undefined && !matchesPlatform(image, platform)) {
    throw new RegistryError(`Cannot load the image: it is for ${image.os}/${image.architecture}`)
  }
  const layers: Descriptor[] = []
  const names = new Map<string, string>()
  for (const name of Layers) {
    const layer = await describeLayer(files, name)
    layers.push(layer)
    names.set(layer.digest, name)
  }
  await saveDocument(loading.content, config, configBytes)
  await loading.layers(layers, image.rootfs.diff_ids, (layer) => files.open(names.get(layer.digest)!))
  const manifestBytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config,
      layers,
    }),
  )
  const manifest = describe('application/vnd.oci.image.manifest.v1+json', manifestBytes)
  await saveDocument(loading.content, manifest, manifestBytes)
  return manifest
}

const describe = (mediaType: string, bytes: Uint8Array): Descriptor => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.length,
})

/** The archive does not say what a layer's bytes are: one pass finds out. */
async function describeLayer(files: ArchiveFiles, name: string): Promise<Descriptor> {
  const hash = startHash(`sha256:${'0'.repeat(64)}`)
  let size = 0
  let mediaType: string | undefined
  for await (const piece of files.open(name)) {
    mediaType ??= mediaTypes[detectCompression(piece)]
    hash.update(piece)
    size += piece.length
  }
  return { mediaType: mediaType ?? mediaTypes.none, digest: `sha256:${hash.digest('hex')}`, size }
}
