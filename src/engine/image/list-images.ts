/** Which images a list shows, and under which names: docker's filters (`images --filter`, `image prune --filter`). */

import { namePattern } from '../../image/name-pattern.ts'
import { splitReference } from '../../image/reference.ts'
import { type ListedImage, namesOf } from '../../image/store/catalog.ts'
import type { ImageEntry } from '../../image/store/names.ts'

export interface ImageFilter {
  readonly dangling?: boolean
  /** Any of them. */
  readonly references: readonly string[]
  /** Made before this, milliseconds since 1970. */
  readonly before?: number
  readonly since?: number
  readonly labels: (labels: Readonly<Record<string, string>>) => boolean
}

/** Milliseconds since 1970; absent where the image does not say. */
export function createdAt({ created = '' }: Pick<ListedImage, 'created'>): number | undefined {
  const at = Date.parse(created)
  return Number.isNaN(at) || created.startsWith('0001-') ? undefined : at
}

/** An image with the names that are to be shown; a dangling one has none. */
export interface ShownImage {
  readonly image: ListedImage
  readonly names: readonly ImageEntry[]
}

/** The newest first; names in the order of the alphabet. */
export function listImages(images: readonly ListedImage[], filter: ImageFilter): ShownImage[] {
  const patterns = filter.references.map(namePattern)
  const shown: ShownImage[] = []
  for (const image of images) {
    if (!matchesImage(image, filter)) continue
    const names = namesOf(image)
    const fitting = names.filter(
      ({ reference }) => patterns.length === 0 || patterns.some((fits) => fits(splitReference(reference))),
    )
    if (patterns.length > 0 && fitting.length === 0) continue
    shown.push({ image, names: fitting.sort((a, b) => (a.reference < b.reference ? -1 : 1)) })
  }
  const times = new Map(shown.map(({ image }) => [image, createdAt(image) ?? 0]))
  return shown.sort((a, b) => times.get(b.image)! - times.get(a.image)!)
}

/** All but the names. */
export function matchesImage(image: ListedImage, filter: ImageFilter): boolean {
  const isDangling = namesOf(image).length === 0
  if (filter.dangling !== undefined && filter.dangling !== isDangling) return false
  const created = createdAt(image) ?? 0
  if (filter.before !== undefined && created >= filter.before) return false
  if (filter.since !== undefined && created <= filter.since) return false
  return filter.labels(image.labels ?? {})
}
