/**
 * Index, manifest and image config, read from bytes whose digest is already verified. A right digest says only that
 * the author meant these bytes: their shape is held to the published schemas, and what those leave open is checked here.
 *
 * image-spec image-index.md, manifest.md, config.md.
 */
import { ConfigError, RegistryError } from '../errors.ts'
import type { ImageIndex, ImageManifest, ImageConfig as OciImageConfig } from '../oci/image-spec.ts'
import * as oci from '../oci/validate.ts'
import type { Descriptor } from './content.ts'
import { parseDigest } from './digest.ts'
import { configTypes, foreignLayerTypes, indexTypes, layerTypes, manifestTypes } from './media-type.ts'
import { printable } from './printable.ts'

/** 4 MiB: what registries accept at most (distribution-spec "Pushing Manifests"), and enough for any config. */
export const largestDocumentBytes = 4 * 1024 * 1024

/** The schema lets Go's `null` stand for no layers; here it is a list. */
export type ImageConfig = OciImageConfig & { rootfs: { diff_ids: string[] } }

const refuse = (what: string, fact: string, cause?: unknown): RegistryError =>
  new RegistryError(`Cannot use ${what}: ${printable(fact)}`, { cause })

function parse<Document>(read: (text: string) => Document, content: Uint8Array, what: string): Document {
  try {
    return read(new TextDecoder().decode(content))
  } catch (cause) {
    if (cause instanceof ConfigError)
      throw refuse(what, `${cause.at && `${cause.at}: `}${cause.message}`, cause)
    throw cause
  }
}

/**
 * A document must be what its media type says and nothing else: with both `layers` and `manifests` two readers of the
 * same digest would run different code (CVE-2021-41190).
 */
function checkKind(
  document: ImageIndex | ImageManifest,
  mediaType: string,
  foreign: string,
  what: string,
): void {
  if (document.mediaType !== undefined && document.mediaType !== mediaType) {
    throw refuse(what, `it was sent as ${mediaType} but calls itself ${document.mediaType}`)
  }
  if (foreign in document) throw refuse(what, `it was sent as ${mediaType} but has "${foreign}"`)
}

/** The manifests of an index, one a platform. @throws RegistryError */
export function parseIndex(content: Uint8Array, { mediaType, digest }: Descriptor): Descriptor[] {
  const what = `index ${digest}`
  const document = parse(oci.parseImageIndex, content, what)
  checkKind(document, mediaType, 'layers', what)
  for (const manifest of document.manifests) parseDigest(manifest.digest)
  return document.manifests
}

/** An image's manifest. @throws RegistryError, also for artifacts that are not images and for foreign layers. */
export function parseManifest(content: Uint8Array, { mediaType, digest }: Descriptor): ImageManifest {
  const what = `manifest ${digest}`
  const document = parse(oci.parseImageManifest, content, what)
  checkKind(document, mediaType, 'manifests', what)
  const { config, layers } = document
  parseDigest(config.digest)
  if (!configTypes.includes(config.mediaType)) {
    throw refuse(
      what,
      `it is an artifact (${document.artifactType ?? config.mediaType}), not a container image`,
    )
  }
  if (config.size > largestDocumentBytes)
    throw refuse(what, `its config has ${config.size} bytes, more than 4 MiB`)
  for (const layer of layers) {
    parseDigest(layer.digest)
    if (foreignLayerTypes.includes(layer.mediaType)) {
      throw refuse(
        what,
        `layer ${layer.digest} is foreign (${layer.mediaType}): registries do not hold its bytes`,
      )
    }
    if (!layerTypes.includes(layer.mediaType)) {
      throw refuse(what, `layer ${layer.digest} has the unknown type ${layer.mediaType}`)
    }
  }
  return document
}

/** The image config, with exactly one diff id for each of `layers`. @throws RegistryError */
export function parseImageConfig(content: Uint8Array, digest: string, layers: number): ImageConfig {
  const what = `image config ${digest}`
  const document = parse(oci.parseImageConfig, content, what)
  const diffIds = document.rootfs.diff_ids ?? []
  for (const diffId of diffIds) parseDigest(diffId)
  if (diffIds.length !== layers) {
    throw refuse(what, `it lists ${diffIds.length} layers where the manifest has ${layers}`)
  }
  return { ...document, rootfs: { ...document.rootfs, diff_ids: diffIds } }
}

export const isIndex = ({ mediaType }: Descriptor): boolean => indexTypes.includes(mediaType)
export const isManifest = ({ mediaType }: Descriptor): boolean => manifestTypes.includes(mediaType)
