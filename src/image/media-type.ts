/** The media types of images: OCI's (image-spec media-types.md) and Docker's older names for the same things. */

export const indexTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
] as const

export const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const

export const configTypes = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
] as const

/** Docker's first format: signed with a key nobody checks, digests of nothing useful. Named only to be refused. */
export const schema1Types = [
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
] as const

export type Compression = 'none' | 'gzip' | 'zstd'

const layerTypes: Record<string, Compression> = {
  'application/vnd.oci.image.layer.v1.tar': 'none',
  'application/vnd.oci.image.layer.v1.tar+gzip': 'gzip',
  'application/vnd.oci.image.layer.v1.tar+zstd': 'zstd',
  'application/vnd.docker.image.rootfs.diff.tar': 'none',
  'application/vnd.docker.image.rootfs.diff.tar.gzip': 'gzip',
  'application/vnd.docker.image.rootfs.diff.tar.zstd': 'zstd',
}

export const isOneOf = (types: readonly string[], mediaType: string): boolean => types.includes(mediaType)

/** How a layer of this media type is compressed; undefined when it is no layer that can be unpacked here. */
export function layerCompression(mediaType: string): Compression | undefined {
  return Object.hasOwn(layerTypes, mediaType) ? layerTypes[mediaType] : undefined
}

/** Layers whose bytes the registry does not hold (Windows base layers): `foreign` is Docker's word for OCI's. */
export const isForeignLayer = (mediaType: string): boolean =>
  mediaType.startsWith('application/vnd.oci.image.layer.nondistributable.') ||
  mediaType.startsWith('application/vnd.docker.image.rootfs.foreign.')
