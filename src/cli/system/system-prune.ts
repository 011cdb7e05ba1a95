/** `tinyctr system prune`: stopped containers, images that nobody needs, and with --volumes volumes. */
import { pruneContainers } from '../../engine/container/prune-containers.ts'
import { pruneVolumes } from '../../engine/volume/prune-volumes.ts'
import { defineCommand } from '../command.ts'
import { pruneFilter } from '../container/container-prune.ts'
import { parseFilter } from '../format/filters.ts'
import { humanSize } from '../format/units.ts'
import { describePruned, pruneStore } from '../image/image-prune.ts'
import { confirm } from '../screen/confirm.ts'
import { print } from '../screen/output.ts'

function warning(all: boolean, volumes: boolean): string {
  const lines = [
    'all stopped containers',
    'all networks not used by at least one container',
    ...(volumes ? ['all anonymous volumes not used by at least one container'] : []),
    all ? 'all images without at least one container associated to them' : 'all dangling images',
  ]
  return `WARNING! This will remove:\n${lines.map((line) => `  - ${line}\n`).join('')}`
}

export const systemPrune = defineCommand({
  usage: '[OPTIONS]',
  summary: 'Remove unused data',
  flags: {
    all: { takes: 'nothing', short: 'a', help: 'Remove all unused images, not just dangling ones' },
    filter: {
      takes: 'many',
      value: 'NAME=VALUE',
      parse: parseFilter,
      help: 'Only what has until=, label= or label!=',
    },
    force: { takes: 'nothing', short: 'f', help: 'Do not prompt for confirmation' },
    volumes: { takes: 'nothing', help: 'Prune anonymous volumes' },
  },
  least: 0,
  most: 0,
  async execute({ flags: { all = false, filter = [], force, volumes = false }, folders }) {
    const holds = pruneFilter(filter)
    if (!force && !(await confirm(warning(all, volumes)))) return 0
    let bytes = 0
    const containers = await pruneContainers(folders, holds)
    if (containers.ids.length > 0) print(`Deleted Containers:\n${containers.ids.join('\n')}\n\n`)
    bytes += containers.bytes
    const { networkFilter } = await import('../network/network-filter.ts')
    ;(await import('../network/network-prune.ts')).pruneNetworks(folders, networkFilter(filter, folders))
    if (volumes) {
      const pruned = pruneVolumes(folders.dataRoot, ({ anonymous }) => anonymous)
      if (pruned.names.length > 0) print(`Deleted Volumes:\n${pruned.names.join('\n')}\n\n`)
      bytes += pruned.bytes
    }
    const images = await pruneStore(folders.dataRoot, { all, filters: filter })
    const told = describePruned(images).replace(/Total reclaimed space: .*\n?$/, '')
    if (told !== '') print(told)
    print(`Total reclaimed space: ${humanSize(bytes + images.bytes)}`)
    return 0
  },
})
