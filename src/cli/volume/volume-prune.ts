/** `tinyctr volume prune`: volumes that nobody named and nobody uses; with --all those with a name too. */
import { pruneVolumes } from '../../engine/volume/prune-volumes.ts'
import { defineCommand } from '../command.ts'
import { parseFilter } from '../format/filters.ts'
import { humanSize } from '../format/units.ts'
import { confirm } from '../screen/confirm.ts'
import { print } from '../screen/output.ts'
import { volumeFilter } from './volume-filter.ts'

const warning = (all: boolean): string =>
  `WARNING! This will remove ${all ? 'all' : 'anonymous'} local volumes not used by at least one container.`

export const volumePrune = defineCommand({
  usage: '[OPTIONS]',
  summary: 'Remove unused local volumes',
  flags: {
    all: { takes: 'nothing', short: 'a', help: 'Remove all unused volumes, not just anonymous ones' },
    filter: {
      takes: 'many',
      value: 'NAME=VALUE',
      parse: parseFilter,
      help: 'Only volumes with label= or label!=',
    },
    force: { takes: 'nothing', short: 'f', help: 'Do not prompt for confirmation' },
  },
  least: 0,
  most: 0,
  async execute({ flags: { all = false, filter = [], force }, folders: { dataRoot } }) {
    const holds = volumeFilter(
      filter.filter(([name]) => name !== 'all'),
      dataRoot,
    )
    const everything = all || filter.some(([name, value]) => name === 'all' && /^(?:1|true)$/.test(value))
    if (!force && !(await confirm(warning(everything)))) return 0
    const { names, bytes } = pruneVolumes(
      dataRoot,
      (volume) => (everything || volume.anonymous) && holds(volume),
    )
    if (names.length > 0) print(`Deleted Volumes:\n${names.join('\n')}\n\n`)
    print(`Total reclaimed space: ${humanSize(bytes)}`)
    return 0
  },
})
