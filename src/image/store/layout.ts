/**
 * Where things are in a data root: an OCI image layout (image-spec image-layout.md) that skopeo and umoci read as it
 * is, and beside it what only tinyctr knows.
 *
 *     oci-layout, index.json, blobs/ALGORITHM/HEX   the layout
 *     layers/HEX/diff                               a layer unpacked, by chain id
 *     layers/HEX/bytes                              how many bytes its files have
 *     l/SHORT -> ../layers/HEX/diff                 short names: overlayfs takes all lower directories in one page
 *     refs/REFERENCE.json                           what `run` needs of an image, in one file
 *     summaries.json                                what `images` needs of all of them
 *     partial/ALGORITHM-HEX                         downloads to be resumed
 *     tmp/                                          workspaces of running commands
 *     lock, index.lock                              flock(2)
 */
import { parseDigest } from '../digest.ts'

/** @throws RegistryError for a digest that is not one: nothing else becomes a path. */
export function blobPath(root: string, digest: string): string {
  const { algorithm, hex } = parseDigest(digest)
  return `${root}/blobs/${algorithm}/${hex}`
}

export const partialPath = (root: string, digest: string): string =>
  `${root}/partial/${parseDigest(digest).algorithm}-${parseDigest(digest).hex}`

export const layerPath = (root: string, chainId: string): string =>
  `${root}/layers/${parseDigest(chainId).hex}`

/**
 * One file a reference. Escaped so that no reference is a path, and in pieces where it would be longer than a file
 * name may be.
 */
export function referencePath(root: string, reference: string): string {
  const escaped = encodeURIComponent(reference).replaceAll('.', '%2E')
  const pieces = escaped.match(/.{1,200}/g) ?? ['']
  return `${root}/refs/${pieces.join('/')}.json`
}
