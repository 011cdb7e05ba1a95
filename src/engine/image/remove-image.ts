/**
 * `rmi` as docker decides it (daemon/images/image_delete.go): a name is taken away; with the last one, or by its id, the
 * image goes, unless a container needs it.
 */

import { StateError } from '../../errors.ts'
import { familiarReference, splitReference } from '../../image/reference.ts'
import { type FoundImage, type ListedImage, namesOf } from '../../image/store/catalog.ts'
import type { Collected } from '../../image/store/collect.ts'
import type { ImageStore } from '../../image/store.ts'
import { recordImageEvent } from '../events/record-event-of.ts'
import type { ImageUser } from './image-users.ts'

export interface RemovedImages {
  /** Names, as docker prints them. */
  readonly untagged: readonly string[]
  /** Image ids, each followed by the chain ids of its layers that nothing else needs, top first. */
  readonly deleted: readonly string[]
  readonly bytes: number
}

export interface RemoveOptions {
  readonly force: boolean
  /** Asked while nothing else runs: what it says holds until the image is gone. */
  readonly users: () => readonly ImageUser[]
}

const short = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12)

/** @throws StateError with docker's words: no such image, or a conflict with a container. */
export function removeImage(
  store: ImageStore,
  typed: string,
  { force, users }: RemoveOptions,
): Promise<RemovedImages> {
  return store.exclusively(`remove ${typed}`, async () => {
    const found = await store.find(typed)
    const own = users().filter(({ image }) => image === found.image.id)
    const conflict = (found.entry === undefined ? conflictOfId : conflictOfName)(found, typed, own, force)
    if (conflict !== undefined) throw new StateError(`conflict: unable to ${conflict}`)

    const names = namesOf(found.image).map(({ reference }) => reference)
    const going = found.entry === undefined ? names : names.filter((name) => name === found.entry!.reference)
    const isLast = going.length === names.length
    const isNeeded = own.some(({ running }) => running)
    // A name may go from an image that runs; the image then stays without one.
    if (isLast && isNeeded) await store.content.tag(found.entry!.target.digest, found.entry!.target)
    const untagged = going.map((name) => familiarReference(splitReference(name)))
    if (!isLast || isNeeded) {
      store.drop(going)
      for (const _ of untagged) recordImageEvent(store.root, 'untag', found.image.id)
      return { untagged, deleted: [], bytes: 0 }
    }
    return { untagged, ...(await deleteImages(store, [found.image], users)) }
  })
}

function conflictOfName(
  { image }: FoundImage,
  typed: string,
  [user]: readonly ImageUser[],
  force: boolean,
): string | undefined {
  if (force || user === undefined || namesOf(image).length > 1) return undefined
  return `remove repository reference "${typed}" (must force) - container ${short(user.container)} is using its referenced image ${short(image.id)}`
}

function conflictOfId(
  { image }: FoundImage,
  _typed: string,
  users: readonly ImageUser[],
  force: boolean,
): string | undefined {
  const running = users.find((user) => user.running)
  if (running !== undefined) {
    return `delete ${short(image.id)} (cannot be forced) - image is being used by running container ${short(running.container)}`
  }
  if (force) return undefined
  if (namesOf(image).length > 1) {
    return `delete ${short(image.id)} (must be forced) - image is referenced in multiple repositories`
  }
  const [stopped] = users
  return (
    stopped &&
    `delete ${short(image.id)} (must be forced) - image is being used by stopped container ${short(stopped.container)}`
  )
}

/** Takes all their names away, and what then nothing needs. Only within `exclusively`. */
export async function deleteImages(
  store: ImageStore,
  images: readonly ListedImage[],
  users: () => readonly ImageUser[],
): Promise<Pick<RemovedImages, 'deleted' | 'bytes'>> {
  store.drop(images.flatMap(({ entries }) => entries.map(({ reference }) => reference)))
  for (const image of images) {
    for (const _ of namesOf(image)) recordImageEvent(store.root, 'untag', image.id)
    recordImageEvent(store.root, 'delete', image.id)
  }
  const collected = await store.collect(() => users().map(({ manifest }) => manifest))
  return { deleted: deletedLines(images, collected), bytes: collected.bytes }
}

function deletedLines(images: readonly ListedImage[], { layers }: Collected): string[] {
  const gone = new Set(layers)
  return images.flatMap(({ id, chain }) => [
    id,
    // Each once, with the first image that had it.
    ...[...chain].reverse().filter((chainId) => gone.delete(chainId)),
  ])
}
