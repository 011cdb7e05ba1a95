/**
 * An image as `tinyctr run` needs it: its config and the directories to mount, from one small file that pull and load
 * left behind. On the start path: no node:fs, no manifest, no hash.
 */
import { LOCK } from '../linux/abi/flags.ts'
import { call } from '../linux/call.ts'
import type { ExecutionParameters } from '../oci/image-spec.ts'
import type { Platform } from './content.ts'
import type { OverlayXattrs } from './layer/whiteout.ts'
import { openLock, readFile } from './store/files.ts'
import { referencePath } from './store/layout.ts'

export interface ImageSnapshot {
  /** The full reference: `docker.io/library/alpine:latest`. */
  reference: string
  /** The digest of the config: docker's image id. */
  id: string
  /** The digest of the platform's manifest. */
  manifest: string
  platform: Platform
  /** What the image says about running it: image-spec config.md. */
  config: ExecutionParameters
  /** Top first, as overlayfs's lowerdir wants them. */
  layerDirectories: string[]
  /** `user`: the layers were unpacked without privileges, and overlayfs needs the option `userxattr`. */
  overlayXattrs: OverlayXattrs
}

/** The image that a full reference names, or undefined when it was never pulled or loaded. */
export function lookupImage(dataRoot: string, reference: string): ImageSnapshot | undefined {
  const bytes = readFile(referencePath(dataRoot, reference))
  if (bytes === undefined) return undefined
  const image = JSON.parse(bytes.toString()) as ImageSnapshot
  return { ...image, layerDirectories: image.layerDirectories.map((path) => `${dataRoot}/${path}`) }
}

/**
 * Keeps images from being removed until the fd is closed or the process ends. `run` holds it from lookupImage until the
 * container that uses the image is recorded.
 */
export function holdImages(dataRoot: string): number {
  const fd = openLock(`${dataRoot}/lock`)
  call('flock', [fd, LOCK.SH])
  return fd
}
