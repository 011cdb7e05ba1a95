/**
 * Images as archives. A docker-archive is written as docker 25 and later do: an OCI layout with a manifest.json beside
 * it, so that every reader finds the form it knows. Blobs are as the store has them: digests survive a round trip.
 */
import { RegistryError } from '../../errors.ts'
import { MEDIA_TYPE } from '../../oci/image-spec.ts'
import type { Descriptor, Platform } from '../content.ts'
import { parseDigest } from '../digest.ts'
import { encodeHeader, endOfTar, paddingOf } from '../layer/tar-writer.ts'
import { familiarReference, parseReference, splitReference } from '../reference.ts'
import { named } from '../store/image-index.ts'
import { isNameless } from '../store/names.ts'
import type { StoredImage } from '../store/resolve-image.ts'
import type { ImageStore } from '../store.ts'

export interface SavedImage {
  readonly image: StoredImage
  /** Full references it is to be loaded under; none: by its id alone. */
  readonly names: readonly string[]
}

export const archiveFormats = ['docker-archive', 'oci-archive', 'oci-dir'] as const
export type ArchiveFormat = (typeof archiveFormats)[number]

/** One file of the archive: a document, or a blob of the store. */
export interface ArchiveFile {
  readonly path: string
  readonly size: number
  /** Absent: a document, in `bytes`. */
  readonly digest?: string
  readonly bytes?: Uint8Array
}

/**
 * Everything an archive of these images holds.
 * @throws RegistryError when the store lacks a blob of them
 */
export function archiveFiles(
  store: ImageStore,
  images: readonly SavedImage[],
  format: ArchiveFormat,
): ArchiveFile[] {
  const blobs = new Map<string, Descriptor>()
  for (const { image } of images) {
    for (const blob of [image.manifest, image.config, ...image.layers]) blobs.set(blob.digest, blob)
  }
  const files = [...blobs.values()].map((blob): ArchiveFile => {
    if (!store.content.has(blob.digest)) {
      throw new RegistryError(`Cannot save the image: its blob ${blob.digest} is not in the store`)
    }
    return { path: blobFile(blob.digest), size: blob.size, digest: blob.digest }
  })
  const documents = [
    document('index.json', {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.imageIndex,
      manifests: images.flatMap(describe),
    }),
    ...(format === 'docker-archive' ? [document('manifest.json', images.map(dockerEntry))] : []),
    document('oci-layout', { imageLayoutVersion: '1.0.0' }),
  ]
  return [...files, ...documents]
}

const blobFile = (digest: string): string => {
  const { algorithm, hex } = parseDigest(digest)
  return `blobs/${algorithm}/${hex}`
}

function document(path: string, value: object): ArchiveFile {
  const bytes = Buffer.from(JSON.stringify(value))
  return { path, size: bytes.length, bytes }
}

function describe({ image, names }: SavedImage): Descriptor[] {
  if (names.length > 0) return names.map((name) => named(name, image.manifest))
  const { mediaType, digest, size } = image.manifest
  return [{ mediaType, digest, size }]
}

const dockerEntry = ({ image, names }: SavedImage): object => {
  const tagged = names.filter((name) => !isNameless(name) && splitReference(name).digest === undefined)
  return {
    Config: blobFile(image.config.digest),
    RepoTags: tagged.length === 0 ? null : tagged.map((name) => familiarReference(splitReference(name))),
    Layers: image.layers.map(({ digest }) => blobFile(digest)),
  }
}

export async function* tarOfFiles(
  store: ImageStore,
  files: readonly ArchiveFile[],
): AsyncGenerator<Uint8Array> {
  for (const folder of ['blobs/', 'blobs/sha256/']) {
    yield encodeHeader({ kind: 'directory', path: Buffer.from(folder), mode: 0o755 })
  }
  for (const { path, size, digest, bytes } of files) {
    yield encodeHeader({ kind: 'file', path: Buffer.from(path), mode: 0o644, size })
    if (digest === undefined) yield bytes!
    else yield* store.content.open(digest)
    yield paddingOf(size)
  }
  yield endOfTar
}

/** What was typed, as docker reads it: a repository alone means all its tags, an id none. @throws StateError */
export async function chooseImages(
  store: ImageStore,
  typed: readonly string[],
  platform?: Platform,
): Promise<SavedImage[]> {
  const chosen = new Map<string, { image: StoredImage; names: Set<string> }>()
  for (const word of typed) {
    for (const { reference, target } of await entriesOf(store, word)) {
      const image = await store.read({ reference, target }, platform)
      const saved = chosen.get(image.manifest.digest) ?? { image, names: new Set() }
      chosen.set(image.manifest.digest, saved)
      if (!isNameless(reference)) saved.names.add(reference)
    }
  }
  return [...chosen.values()].map(({ image, names }) => ({ image, names: [...names] }))
}

async function entriesOf(store: ImageStore, word: string) {
  if (/^[^@]*$/.test(word) && !/:[^/]*$/.test(word)) {
    const all = store.names().filter(({ reference }) => isTagOf(reference, word))
    if (all.length > 0) return all
  }
  const { image, entry } = await store.find(word)
  // By id: the image without its names.
  return [entry ?? { reference: image.manifest, target: image.entries[0]!.target }]
}

function isTagOf(reference: string, repository: string): boolean {
  if (isNameless(reference)) return false
  const { domain, path, digest } = splitReference(reference)
  try {
    const asked = parseReference(repository)
    return digest === undefined && asked.domain === domain && asked.path === path
  } catch (error) {
    if (error instanceof RegistryError) return false
    throw error
  }
}
