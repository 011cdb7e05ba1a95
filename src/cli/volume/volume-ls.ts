/** `tinyctr volume ls`. */
import { listVolumes } from '../../engine/volume/volume.ts'
import { defineCommand } from '../command.ts'
import { parseFilter } from '../format/filters.ts'
import { renderRows } from '../format/rows.ts'
import { print } from '../screen/output.ts'
import { volumeFilter } from './volume-filter.ts'
import { volumeShape } from './volume-row.ts'

export const volumeLs = defineCommand({
  usage: '[OPTIONS]',
  summary: 'List volumes',
  examples: ['tinyctr volume ls --filter dangling=true'],
  flags: {
    filter: {
      takes: 'many',
      short: 'f',
      value: 'NAME=VALUE',
      parse: parseFilter,
      help: 'Only volumes with dangling=, driver=, label= or name=',
    },
    format: { takes: 'one', value: 'TEMPLATE', help: "'table', 'table TEMPLATE', 'json' or a Go template" },
    quiet: { takes: 'nothing', short: 'q', help: 'Only display volume names' },
  },
  least: 0,
  most: 0,
  async execute({ flags: { filter = [], format = 'table', quiet }, folders: { dataRoot } }) {
    const rows = listVolumes(dataRoot).filter(volumeFilter(filter, dataRoot))
    const plain = format === 'table' || format === '' ? 'table {{.Driver}}\t{{.Name}}' : format
    const text = renderRows(
      quiet ? '{{.Name}}' : plain,
      rows.map((volume) => ({ volume, dataRoot })),
      volumeShape,
    )
    if (text !== '') print(text)
    return 0
  },
})
