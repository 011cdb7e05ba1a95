/** `tinyctr network prune`: networks that nobody is on. */
import { recordPrune } from '../../engine/events/record-event-of.ts'
import { allNetworks, membersOf, removeNetwork } from '../../engine/network/networks.ts'
import { BUILT_IN } from '../../network/network.ts'
import { defineCommand } from '../command.ts'
import { parseFilter } from '../format/filters.ts'
import { confirm } from '../screen/confirm.ts'
import { print } from '../screen/output.ts'
import type { StateFolders } from '../state-folders.ts'
import { networkFilter } from './network-filter.ts'

export const networkPrune = defineCommand({
  usage: '[OPTIONS]',
  summary: 'Remove all unused networks',
  flags: {
    filter: {
      takes: 'many',
      value: 'NAME=VALUE',
      parse: parseFilter,
      help: 'Only networks with label= or label!=',
    },
    force: { takes: 'nothing', short: 'f', help: 'Do not prompt for confirmation' },
  },
  least: 0,
  most: 0,
  async execute({ flags: { filter = [], force }, folders }) {
    const holds = networkFilter(filter, folders)
    const warning = 'WARNING! This will remove all custom networks not used by at least one container.'
    if (!force && !(await confirm(warning))) return 0
    pruneNetworks(folders, holds)
    return 0
  },
})

/** Prints what it removes. */
export function pruneNetworks(folders: StateFolders, holds: ReturnType<typeof networkFilter>): void {
  const unused = allNetworks(folders.dataRoot).filter(
    (network) =>
      !(BUILT_IN as readonly string[]).includes(network.name) &&
      membersOf(folders, network).length === 0 &&
      holds(network),
  )
  for (const { name } of unused) removeNetwork(folders, name)
  recordPrune(folders.dataRoot, 'network', 0)
  if (unused.length > 0) print(`Deleted Networks:\n${unused.map(({ name }) => name).join('\n')}\n`)
}
