/**
 * What pull, load and save need of the disk: blobs by digest, names, and unpacked layers.
 *
 * The implementation is an OCI image layout (image-spec, image-layout.md); these are its contracts. A digest is
 * always `algorithm:hex`, a chain id and a diff id likewise (image-spec, config.md "Layer ChainID").
 */

import type { ManifestDescriptor, Platform } from '../oci/image-spec.ts'

/** image-spec descriptor.md: what a blob is, which it is, how many bytes it has, and in an index what it runs on. */
export type Descriptor = ManifestDescriptor
export type { Platform }

/** One blob on its way into the store, until `commit` or `abort` ends it. */
export interface BlobWriter {
  /** How many bytes an interrupted download left: writing goes on there. 0 for a new blob. */
  readonly resumeFrom: number
  /** Appends. The caller may reuse `chunk` once this has returned or its promise is settled. */
  write(chunk: Uint8Array): void | Promise<void>
  /**
   * Makes the blob visible under `expected.digest`, atomically. When this resolves the content is on disk and right.
   * @throws RegistryError when size or digest differ; the bytes are then deleted, so that no later pull resumes them.
   */
  commit(expected: Descriptor): Promise<void>
  /**
   * Gives up. The bytes so far are kept for a later `newBlob(digest)` to resume. After `commit` or another `abort`
   * it does nothing, so that it can stand in a `finally`.
   */
  abort(): Promise<void>
}

export interface ContentStore {
  has(digest: string): boolean
  /** A small blob (manifest, config), verified. @throws RegistryError when it is missing, over 4 MiB or altered. */
  read(digest: string): Promise<Uint8Array>
  /** A blob of any size as it lies on disk, from `offset` on. */
  open(digest: string, offset?: number): AsyncIterable<Uint8Array>
  newBlob(digest: string): Promise<BlobWriter>
  /** Points a full reference (`docker.io/library/alpine:latest`) at an index or manifest, replacing what it named. */
  tag(reference: string, descriptor: Descriptor): Promise<void>
  resolve(reference: string): Descriptor | undefined
}

export interface UnpackOptions {
  /** Says how the bytes are compressed: gzip, zstd or not at all. */
  mediaType: string
  /** The digest of the uncompressed tar, verified before the layer becomes visible. */
  diffId: string
  chainId: string
  /** The chain id below. Only recorded: a layer is unpacked on its own, in any order. */
  parent?: string
  signal?: AbortSignal
}

export interface LayerStore {
  has(chainId: string): boolean
  /**
   * Reads `layer` to its very end (past the tar's end marker too) and makes it visible atomically. The iterable ends
   * only after the compressed digest was found right; when it throws, nothing is kept.
   */
  unpack(layer: AsyncIterable<Uint8Array>, options: UnpackOptions): Promise<void>
}
