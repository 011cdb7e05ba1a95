/** The images of a store as people see them: one for each image id, with all its names. */
import { RegistryError, StateError } from '../../errors.ts'
import {
  fullReference,
  parseReference,
  type Reference,
  repositoryName,
  splitReference,
} from '../reference.ts'
import { type ImageEntry, isNameless } from './names.ts'
import type { ImageSummary } from './summary.ts'

export interface ListedImage extends ImageSummary {
  /** Its entries in index.json: names, and digests that stand for none. */
  readonly entries: readonly ImageEntry[]
}

/** Its names, without digests that stand for none: a dangling image has none. */
export const namesOf = ({ entries }: ListedImage): ImageEntry[] =>
  entries.filter(({ reference }) => !isNameless(reference))

/** By id; within an image in the order the names were given. */
export function groupById(entries: readonly (ImageEntry & { summary: ImageSummary })[]): ListedImage[] {
  const images = new Map<string, ImageSummary & { entries: ImageEntry[] }>()
  for (const { reference, target, summary } of entries) {
    const image = images.get(summary.id) ?? { ...summary, entries: [] }
    image.entries.push({ reference, target })
    images.set(summary.id, image)
  }
  return [...images.values()]
}

/** What was typed, found: by a name (`entry` is that name's), or by digits of its id. */
export interface FoundImage {
  readonly image: ListedImage
  readonly entry?: ImageEntry
}

/**
 * The image that `typed` means, as docker resolves it: a name first (`alpine`, `alpine:3@sha256:...`), then an id or its
 * first digits, or the digest of its manifest.
 * @throws RegistryError when several ids begin like this
 */
export function findListed(images: readonly ListedImage[], typed: string): FoundImage | undefined {
  return findByName(images, typed) ?? findById(images, typed)
}

function findByName(images: readonly ListedImage[], typed: string): FoundImage | undefined {
  const asked = tryReference(typed)
  if (asked === undefined) return undefined
  const full = fullReference(asked)
  for (const image of images) {
    const entry = image.entries.find(({ reference }) => reference === full)
    if (entry !== undefined) return { image, entry }
  }
  if (asked.digest === undefined) return undefined
  for (const image of images) {
    const entry = namesOf(image).find(
      ({ reference, target }) =>
        repositoryName(splitReference(reference)) === repositoryName(asked) &&
        (target.digest === asked.digest || image.manifest === asked.digest),
    )
    if (entry !== undefined) return { image, entry }
  }
  return undefined
}

function tryReference(typed: string): Reference | undefined {
  try {
    return parseReference(typed)
  } catch (error) {
    if (error instanceof RegistryError) return undefined
    throw error
  }
}

function findById(images: readonly ListedImage[], typed: string): FoundImage | undefined {
  if (!/^(?:sha256:)?[a-f0-9]{1,64}$/.test(typed)) return undefined
  const digest = typed.startsWith('sha256:') ? typed : `sha256:${typed}`
  const found = images.filter(({ id }) => id.startsWith(digest))
  if (found.length > 1) {
    throw new RegistryError(`Cannot use the image id ${typed}: ${found.length} images begin with it`)
  }
  const byManifest = (image: ListedImage): boolean =>
    image.manifest === digest || image.entries.some(({ target }) => target.digest === digest)
  const image = found[0] ?? images.find(byManifest)
  return image && { image }
}

/** Docker's words for an image that is not there. */
export function noSuchImage(typed: string): StateError {
  const asked = tryReference(typed)
  const hasTag = asked === undefined || asked.digest !== undefined || /:[^/]*$/.test(typed)
  return new StateError(`${missing}${typed}${hasTag ? '' : ':latest'}`)
}

export const isNoSuchImage = (error: unknown): boolean =>
  error instanceof StateError && error.message.startsWith(missing)

const missing = 'No such image: '
