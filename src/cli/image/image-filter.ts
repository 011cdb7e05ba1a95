/** `--filter` of the commands that list and prune images. */
import { createdAt, type ImageFilter } from '../../engine/image/list-images.ts'
import type { ImageStore } from '../../image/store.ts'
import { type Filter, Filters } from '../format/filters.ts'
import { parseMoment } from '../screen/moment.ts'

/** What `images` takes. `label!` is only for prune. */
export const listFilters = ['dangling', 'label', 'before', 'since', 'until', 'reference'] as const
export const pruneFilters = ['dangling', 'label', 'label!', 'until'] as const

/** @throws StateError with Docker's words */
export async function readImageFilter(
  given: readonly Filter[],
  known: readonly string[],
  store: ImageStore,
): Promise<ImageFilter> {
  const filters = new Filters(given, known)
  const made = async (typed: string): Promise<number> => createdAt((await store.find(typed)).image) ?? 0
  const before = [
    ...(await Promise.all(filters.get('before').map(made))),
    ...filters.get('until').map((text) => parseMoment(text, Date.now())),
  ]
  const since = await Promise.all(filters.get('since').map(made))
  return {
    ...(filters.has('dangling') && { dangling: filters.boolean('dangling', false) }),
    references: filters.get('reference'),
    ...(before.length > 0 && { before: Math.min(...before) }),
    ...(since.length > 0 && { since: Math.max(...since) }),
    labels: (labels) => filters.labels(labels),
  }
}
