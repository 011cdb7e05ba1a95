/** `tinyctr container prune`. */
import type { Container } from '../../engine/container/list.ts'
import { pruneContainers } from '../../engine/container/prune-containers.ts'
import { defineCommand } from '../command.ts'
import { type Filter, Filters, parseFilter } from '../format/filters.ts'
import { humanSize } from '../format/units.ts'
import { confirm } from '../screen/confirm.ts'
import { parseMoment } from '../screen/moment.ts'
import { print } from '../screen/output.ts'
import { labelsOf } from './container-row.ts'

export const containerPrune = defineCommand({
  usage: '[OPTIONS]',
  summary: 'Remove all stopped containers',
  flags: {
    filter: {
      takes: 'many',
      value: 'NAME=VALUE',
      parse: parseFilter,
      help: 'Only containers with until=, label= or label!=',
    },
    force: { takes: 'nothing', short: 'f', help: 'Do not prompt for confirmation' },
  },
  least: 0,
  most: 0,
  async execute({ flags: { filter = [], force }, folders }) {
    const holds = pruneFilter(filter)
    if (!force && !(await confirm('WARNING! This will remove all stopped containers.'))) return 0
    const { ids, bytes } = await pruneContainers(folders, holds)
    if (ids.length > 0) print(`Deleted Containers:\n${ids.join('\n')}\n\n`)
    print(`Total reclaimed space: ${humanSize(bytes)}`)
    return 0
  },
})

/** For `system prune` too. @throws StateError for a filter that there is not */
export function pruneFilter(filters: readonly Filter[]): (container: Container) => boolean {
  const asked = new Filters(filters, ['label', 'label!', 'until'])
  const moments = asked.get('until').map((text) => parseMoment(text, Date.now()))
  return (container) =>
    asked.labels(labelsOf(container)) &&
    moments.every((moment) => Number(container.state.createdAt / 1_000_000n) < moment)
}
