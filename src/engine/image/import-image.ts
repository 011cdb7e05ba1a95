/** `import`: a tar of a file system becomes an image of one layer. */

import { unpacked } from '../../image/archive/unpacked.ts'
import type { Platform } from '../../image/content.ts'
import { applyChange } from '../../image/image-change.ts'
import { addImage } from '../../image/new-image.ts'
import { addLayer } from '../../image/new-layer.ts'
import type { ImageStore } from '../../image/store.ts'

export interface ImportOptions {
  readonly changes: readonly string[]
  readonly message: string
  readonly platform: Platform
  /** A full reference; absent: the image has no name. */
  readonly reference?: string
}

/** @returns the new image's id */
export async function importImage(
  store: ImageStore,
  tar: AsyncIterable<Uint8Array>,
  { changes, message, platform, reference }: ImportOptions,
): Promise<string> {
  const config = changes.reduce(applyChange, {})
  const layer = await addLayer(store, unpacked(tar))
  const { manifest, id } = await addImage(store, {
    layer,
    config,
    platform,
    history: { created: new Date().toISOString(), comment: message },
  })
  await store.content.tag(reference ?? manifest.digest, manifest)
  return id
}
