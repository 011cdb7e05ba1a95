/**
 * Loading images from archives. An archive is a registry without a network: its layers go the way of a pull's, some at
 * once, stored and unpacked while they are read.
 */
import { RegistryError } from '../../errors.ts'
import type { ContentStore, Descriptor, Platform } from '../content.ts'
import { pullLayers } from '../pull-layers.ts'
import { fullReference, parseReference } from '../reference.ts'
import type { ImageStore } from '../store.ts'
import type { TransferEvent } from '../transfer-event.ts'
import type { ArchiveFiles } from './archive-files.ts'
import { findInDockerArchive } from './docker-archive.ts'
import { findInLayout } from './oci-layout.ts'
import { openArchive } from './source.ts'

/** What a format needs of the store. */
export interface Loading {
  readonly content: ContentStore
  layers(
    layers: readonly Descriptor[],
    diffIds: readonly string[],
    open: (layer: Descriptor) => AsyncIterable<Uint8Array>,
  ): Promise<void>
}

/** An image that an archive holds, not yet loaded. */
export interface FoundImage {
  readonly names: readonly string[]
  /** @returns what the names are to point at. */
  load(loading: Loading, platform: Platform | undefined): Promise<Descriptor>
}

export interface LoadOptions {
  /** What to call the image; only for archives that hold one. A full reference. */
  readonly reference?: string
  /** Of an index: default this machine's. */
  readonly platform?: Platform
  readonly progress?: (event: TransferEvent) => void
  readonly signal?: AbortSignal
}

export interface LoadedImage {
  /** Full references; for an image without a name the digest of its manifest. */
  readonly references: readonly string[]
  readonly target: Descriptor
}

/**
 * Loads every image of an archive: `docker save`, an OCI layout as a folder or a tar, compressed or not. The content
 * decides which it is.
 * @param source a path, or the bytes themselves (standard input).
 * @throws RegistryError; images that were complete by then stay.
 */
export async function loadImage(
  store: ImageStore,
  source: string | AsyncIterable<Uint8Array>,
  options: LoadOptions = {},
): Promise<LoadedImage[]> {
  const archive = await openArchive(source, store.temporaryPath('archive'))
  try {
    const found = await find(archive.files, typeof source === 'string' ? source : 'the standard input')
    if (options.reference !== undefined && found.length > 1) {
      throw new RegistryError(
        `Cannot load the image as ${options.reference}: the archive holds ${found.length} images`,
      )
    }
    const loaded: LoadedImage[] = []
    for (const image of found) {
      const target = await image.load(loadingInto(store, options), options.platform)
      const names = options.reference === undefined ? image.names.flatMap(fullNames) : [options.reference]
      const references = names.length > 0 ? names : [target.digest]
      for (const reference of references) await store.content.tag(reference, target)
      loaded.push({ references, target })
    }
    return loaded
  } finally {
    archive.close()
  }
}

async function find(files: ArchiveFiles, source: string): Promise<FoundImage[]> {
  // docker 25 and later write both: the layout says more.
  if (files.has('oci-layout') && files.has('index.json')) return findInLayout(files)
  if (files.has('manifest.json')) return findInDockerArchive(files)
  throw new RegistryError(
    `Cannot load ${source}: it is neither a docker-archive (manifest.json) nor an OCI image layout (oci-layout, index.json)`,
  )
}

/** A bare tag (`latest`, as skopeo and umoci write it) names no image. */
function fullNames(name: string): string[] {
  return /[/:@]/.test(name) ? [fullReference(parseReference(name))] : []
}

function loadingInto(store: ImageStore, options: LoadOptions): Loading {
  return {
    content: store.content,
    async layers(layers, diffIds, open) {
      const failure = new AbortController()
      const signal = options.signal ? AbortSignal.any([options.signal, failure.signal]) : failure.signal
      const registry = {
        manifest: () => Promise.reject(new RegistryError('Cannot load the image: archives have no tags')),
        blob: (layer: Descriptor, offset = 0) => skip(open(layer), offset),
      }
      const pull = {
        registry,
        store: store.content,
        layers: store.layers,
        signal,
        progress: options.progress ?? (() => {}),
      }
      await pullLayers(pull, layers, diffIds, (error) => failure.abort(error))
    },
  }
}

/** The rest of a blob whose beginning the store already has. */
async function* skip(source: AsyncIterable<Uint8Array>, offset: number): AsyncGenerator<Uint8Array> {
  let left = offset
  for await (const piece of source) {
    if (left < piece.length) yield left === 0 ? piece : piece.subarray(left)
    left = Math.max(0, left - piece.length)
  }
}
