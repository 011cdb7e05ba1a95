/** `image prune`: every image that nobody named, or with `all` every one that no container uses, in one go. */
import { familiarReference, splitReference } from '../../image/reference.ts'
import { type ListedImage, namesOf } from '../../image/store/catalog.ts'
import type { ImageStore } from '../../image/store.ts'
import type { ImageUser } from './image-users.ts'
import { deleteImages, type RemovedImages } from './remove-image.ts'

export interface PruneOptions {
  /** Not only dangling images. */
  readonly all: boolean
  readonly matches: (image: ListedImage) => boolean
  readonly users: () => readonly ImageUser[]
}

export function pruneImages(
  store: ImageStore,
  { all, matches, users }: PruneOptions,
): Promise<RemovedImages> {
  return store.exclusively('prune the images', async () => {
    const used = new Set(users().map(({ image }) => image))
    const going = (await store.images()).filter(
      (image) => !used.has(image.id) && (all || namesOf(image).length === 0) && matches(image),
    )
    const untagged = going
      .flatMap(namesOf)
      .map(({ reference }) => familiarReference(splitReference(reference)))
    return { untagged, ...(await deleteImages(store, going, users)) }
  })
}
