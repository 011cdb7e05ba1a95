/** `tinyctr network ls`. */
import { allNetworks } from '../../engine/network/networks.ts'
import { defineCommand } from '../command.ts'
import { parseFilter } from '../format/filters.ts'
import { renderRows } from '../format/rows.ts'
import { print } from '../screen/output.ts'
import { networkFilter } from './network-filter.ts'
import { networkShape } from './network-row.ts'

export const networkLs = defineCommand({
  usage: '[OPTIONS]',
  summary: 'List networks',
  examples: ['tinyctr network ls --filter driver=bridge'],
  flags: {
    filter: {
      takes: 'many',
      short: 'f',
      value: 'NAME=VALUE',
      parse: parseFilter,
      help: 'Only networks with dangling=, driver=, id=, label=, name= or type=',
    },
    format: { takes: 'one', value: 'TEMPLATE', help: "'table', 'table TEMPLATE', 'json' or a Go template" },
    'no-trunc': { takes: 'nothing', help: 'Do not truncate the output' },
    quiet: { takes: 'nothing', short: 'q', help: 'Only display network IDs' },
  },
  least: 0,
  most: 0,
  async execute({ flags, folders }) {
    const { filter = [], format = 'table', quiet, 'no-trunc': whole = false } = flags
    const rows = allNetworks(folders.dataRoot).filter(networkFilter(filter, folders))
    const plain =
      format === 'table' || format === '' ? 'table {{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}' : format
    const text = renderRows(
      quiet ? '{{.ID}}' : plain,
      rows.map((network) => ({ network, cut: !whole })),
      networkShape,
    )
    if (text !== '') print(text)
    return 0
  },
})
