/**
 * The types of the OCI image specification, version 1.1, generated from its JSON schemas (`npm run generate`),
 * and the media types it and Docker give to the same things.
 */
export type {
  Descriptor,
  ExecutionParameters,
  HistoryEntry,
  ImageConfig,
  ImageIndex,
  ImageLayout,
  ImageManifest,
  ManifestDescriptor,
  Platform,
  Rootfs,
} from './generated/image-spec-types.ts'

/** image-spec media-types.md; Docker's dialect of manifest schema 2 has the same JSON under other names. */
export const MEDIA_TYPE = {
  imageIndex: 'application/vnd.oci.image.index.v1+json',
  imageManifest: 'application/vnd.oci.image.manifest.v1+json',
  imageConfig: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  emptyJson: 'application/vnd.oci.empty.v1+json',
  /** Deprecated by image-spec 1.1, and still met: "non-distributable" layers. */
  foreignLayer: 'application/vnd.oci.image.layer.nondistributable.v1.tar',
  foreignLayerGzip: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  foreignLayerZstd: 'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  /** A layer in `docker save`: not compressed. */
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  dockerLayerZstd: 'application/vnd.docker.image.rootfs.diff.tar.zstd',
  dockerForeignLayerGzip: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
} as const

export type MediaType = (typeof MEDIA_TYPE)[keyof typeof MEDIA_TYPE]
