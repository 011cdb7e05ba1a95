/**
 * Index, manifest and image config, read from bytes whose digest is already verified. A right digest says only that
 * the author meant these bytes: every field that is used is checked here.
 *
 * image-spec image-index.md, manifest.md, config.md.
 */
import { RegistryError } from '../errors.ts'
import type { Descriptor, Platform } from './content.ts'
import { parseDigest } from './digest.ts'
import {
  configTypes,
  indexTypes,
  isForeignLayer,
  isOneOf,
  layerCompression,
  manifestTypes,
} from './media-type.ts'
import { printable } from './printable.ts'

/** 4 MiB: what registries accept at most (distribution-spec "Pushing Manifests"), and enough for any config. */
export const largestDocumentBytes = 4 * 1024 * 1024

export interface Manifest {
  config: Descriptor
  layers: Descriptor[]
}

/** The part of the image config that pull and the store need; the rest is kept as it came. */
export interface ImageConfig extends Platform {
  rootfs: { type: 'layers'; diff_ids: string[] }
  [field: string]: unknown
}

type Fields = Record<string, unknown>

const refuse = (what: string, fact: string): RegistryError =>
  new RegistryError(`Cannot use ${what}: ${printable(fact)}`)

function parseObject(content: Uint8Array, what: string): Fields {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(content))
  } catch (cause) {
    throw new RegistryError(`Cannot use ${what}: it is not JSON`, { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse(what, 'it is not an object')
  return value as Fields
}

function checkDescriptor(value: unknown, what: string): Descriptor {
  const { mediaType, digest, size } = (value ?? {}) as Partial<Descriptor>
  if (typeof mediaType !== 'string' || typeof digest !== 'string') {
    throw refuse(what, 'a descriptor in it lacks mediaType or digest')
  }
  if (!Number.isSafeInteger(size) || size! < 0)
    throw refuse(what, `the size of ${digest} is not a number of bytes`)
  parseDigest(digest)
  return value as Descriptor
}

/**
 * A document must be what its media type says and nothing else: with both `layers` and `manifests` two readers of the
 * same digest would run different code (CVE-2021-41190).
 */
function checkKind(document: Fields, mediaType: string, foreign: string, what: string): void {
  if (document.mediaType !== undefined && document.mediaType !== mediaType) {
    throw refuse(what, `it was sent as ${mediaType} but calls itself ${document.mediaType}`)
  }
  if (document.schemaVersion !== 2)
    throw refuse(what, `its schemaVersion is ${document.schemaVersion}, not 2`)
  if (document[foreign] !== undefined) throw refuse(what, `it is sent as ${mediaType} but has "${foreign}"`)
}

/** The manifests of an index, one a platform. @throws RegistryError */
export function parseIndex(content: Uint8Array, { mediaType, digest }: Descriptor): Descriptor[] {
  const what = `index ${digest}`
  const document = parseObject(content, what)
  checkKind(document, mediaType, 'layers', what)
  if (!Array.isArray(document.manifests)) throw refuse(what, 'it has no "manifests"')
  return document.manifests.map((entry) => checkDescriptor(entry, what))
}

/** An image's manifest. @throws RegistryError, also for artifacts that are not images and for foreign layers. */
export function parseManifest(content: Uint8Array, { mediaType, digest }: Descriptor): Manifest {
  const what = `manifest ${digest}`
  const document = parseObject(content, what)
  checkKind(document, mediaType, 'manifests', what)
  const config = checkDescriptor(document.config, what)
  if (!isOneOf(configTypes, config.mediaType)) {
    const kind = typeof document.artifactType === 'string' ? document.artifactType : config.mediaType
    throw refuse(what, `it is an artifact (${kind}), not a container image`)
  }
  if (config.size > largestDocumentBytes)
    throw refuse(what, `its config has ${config.size} bytes, more than 4 MiB`)
  if (!Array.isArray(document.layers)) throw refuse(what, 'it has no "layers"')
  return { config, layers: document.layers.map((entry) => checkLayer(checkDescriptor(entry, what), what)) }
}

function checkLayer(layer: Descriptor, what: string): Descriptor {
  if (isForeignLayer(layer.mediaType)) {
    throw refuse(
      what,
      `layer ${layer.digest} is foreign (${layer.mediaType}): registries do not hold its bytes`,
    )
  }
  if (layerCompression(layer.mediaType) === undefined) {
    throw refuse(what, `layer ${layer.digest} has the unknown type ${layer.mediaType}`)
  }
  return layer
}

/** The image config, with exactly one diff id for each of `layers`. @throws RegistryError */
export function parseImageConfig(content: Uint8Array, digest: string, layers: number): ImageConfig {
  const what = `image config ${digest}`
  const document = parseObject(content, what)
  for (const field of ['os', 'architecture']) {
    if (typeof document[field] !== 'string') throw refuse(what, `its "${field}" is missing`)
  }
  const rootfs = (document.rootfs ?? {}) as Fields
  const diffIds = rootfs.diff_ids
  if (rootfs.type !== 'layers' || !Array.isArray(diffIds)) throw refuse(what, 'its "rootfs" lists no layers')
  for (const diffId of diffIds) parseDigest(String(diffId))
  if (diffIds.length !== layers) {
    throw refuse(what, `it lists ${diffIds.length} layers where the manifest has ${layers}`)
  }
  return document as ImageConfig
}

export const isIndex = ({ mediaType }: Descriptor): boolean => isOneOf(indexTypes, mediaType)
export const isManifest = ({ mediaType }: Descriptor): boolean => isOneOf(manifestTypes, mediaType)
