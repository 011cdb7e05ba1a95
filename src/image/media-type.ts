/** Which media types play which part in an image: OCI's, and Docker's older names for the same things. */
import { MEDIA_TYPE } from '../oci/image-spec.ts'

export const indexTypes: readonly string[] = [MEDIA_TYPE.imageIndex, MEDIA_TYPE.dockerManifestList]

export const manifestTypes: readonly string[] = [MEDIA_TYPE.imageManifest, MEDIA_TYPE.dockerManifest]

export const configTypes: readonly string[] = [MEDIA_TYPE.imageConfig, MEDIA_TYPE.dockerConfig]

/** How a layer is compressed is read from its bytes (decompress.ts), not from here. */
export const layerTypes: readonly string[] = [
  MEDIA_TYPE.layer,
  MEDIA_TYPE.layerGzip,
  MEDIA_TYPE.layerZstd,
  MEDIA_TYPE.dockerLayer,
  MEDIA_TYPE.dockerLayerGzip,
  MEDIA_TYPE.dockerLayerZstd,
]

/** Layers whose bytes registries do not hold (Windows base layers). */
export const foreignLayerTypes: readonly string[] = [
  MEDIA_TYPE.foreignLayer,
  MEDIA_TYPE.foreignLayerGzip,
  MEDIA_TYPE.foreignLayerZstd,
  MEDIA_TYPE.dockerForeignLayerGzip,
]

/** Docker's first format: signed with a key nobody checks, digests of nothing useful. Named only to be refused. */
export const schema1Types: readonly string[] = [
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
]
