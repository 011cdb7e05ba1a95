/** `tinyctr image prune`: asks, removes what nobody needs, and says how much that was. */
import { recordPrune } from '../../engine/events/record-event-of.ts'
import { imageUsers } from '../../engine/image/image-users.ts'
import { matchesImage } from '../../engine/image/list-images.ts'
import { pruneImages } from '../../engine/image/prune-images.ts'
import type { RemovedImages } from '../../engine/image/remove-image.ts'
import { ImageStore } from '../../image/store.ts'
import { defineCommand } from '../command.ts'
import { type Filter, parseFilter } from '../format/filters.ts'
import { humanSize } from '../format/units.ts'
import { confirm } from '../screen/confirm.ts'
import { print } from '../screen/output.ts'
import { pruneFilters, readImageFilter } from './image-filter.ts'

const warning = (all: boolean): string =>
  `WARNING! This will remove all ${all ? 'images without at least one container associated to them' : 'dangling images'}.`

export const imagePrune = defineCommand({
  usage: '[OPTIONS]',
  summary: 'Remove unused images',
  flags: {
    all: { takes: 'nothing', short: 'a', help: 'Remove all unused images, not just dangling ones' },
    filter: {
      takes: 'many',
      value: 'NAME=VALUE',
      parse: parseFilter,
      help: 'Only images with dangling=, label=, label!= or until=',
    },
    force: { takes: 'nothing', short: 'f', help: 'Do not ask' },
  },
  least: 0,
  most: 0,
  mapped: true,
  async execute({ flags: { all = false, filter = [], force = false }, folders }) {
    if (!force && !(await confirm(warning(all)))) return 0
    print(describePruned(await pruneStore(folders.dataRoot, { all, filters: filter })))
    return 0
  },
})

/** For `system prune` too. */
export async function pruneStore(
  dataRoot: string,
  { all, filters }: { all: boolean; filters: readonly Filter[] },
): Promise<RemovedImages> {
  const store = new ImageStore(dataRoot)
  try {
    const { dangling, ...filter } = await readImageFilter(filters, pruneFilters, store)
    const pruned = await pruneImages(store, {
      // dangling=false is docker's older word for --all.
      all: all || dangling === false,
      matches: (image) => matchesImage(image, filter),
      users: () => imageUsers(dataRoot),
    })
    recordPrune(dataRoot, 'image', pruned.bytes)
    return pruned
  } finally {
    store.close()
  }
}

export function describePruned({ untagged, deleted, bytes }: RemovedImages): string {
  const lines = [...untagged.map((name) => `untagged: ${name}`), ...deleted.map((id) => `deleted: ${id}`)]
  const list = lines.length > 0 ? `Deleted Images:\n${lines.join('\n')}\n\n` : ''
  return `${list}Total reclaimed space: ${humanSize(bytes)}`
}
