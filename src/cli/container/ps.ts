/** `tinyctr ps`: Docker's list of containers. */

import { parseInteger } from '../../engine/config/integer.ts'
import { type Container, listContainers } from '../../engine/container/list.ts'
import { defineCommand } from '../command.ts'
import type { FlagTable } from '../flag.ts'
import { parseFilter } from '../format/filters.ts'
import { mentions, renderRows } from '../format/rows.ts'
import type { Invocation } from '../invocation.ts'
import { print } from '../screen/output.ts'
import { containerFilter } from './container-filters.ts'
import { containerShape } from './container-row.ts'
import { containerRows } from './container-rows.ts'

const flags = {
  all: { takes: 'nothing', short: 'a', help: 'Show all containers (default shows just running)' },
  filter: {
    takes: 'many',
    short: 'f',
    value: 'NAME=VALUE',
    parse: parseFilter,
    help: 'Only those of a name, id, status, label, ancestor, exited, health, volume, network, before, since',
  },
  format: { takes: 'one', value: 'TEMPLATE', help: "'table', 'table TEMPLATE', 'json' or a Go template" },
  last: { takes: 'one', short: 'n', value: 'N', parse: parseInteger, help: 'Show the N last created' },
  latest: { takes: 'nothing', short: 'l', help: 'Show the latest created container' },
  'no-trunc': { takes: 'nothing', help: "Don't truncate output" },
  quiet: { takes: 'nothing', short: 'q', help: 'Only display container IDs' },
  size: { takes: 'nothing', short: 's', help: 'Display total file sizes' },
} as const satisfies FlagTable

export const ps = defineCommand({
  usage: '[OPTIONS]',
  summary: 'List containers',
  examples: [
    'tinyctr ps -a',
    "tinyctr ps --format 'table {{.Names}}\\t{{.Status}}'",
    'tinyctr ps -aq --filter status=exited',
  ],
  flags,
  least: 0,
  most: 0,
  execute: list,
})

const table = 'table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}'

const raw = `container_id: {{.ID}}
image: {{.Image}}
command: {{.Command}}
created_at: {{.CreatedAt}}
state: {{- pad .State 1 0}}
status: {{- pad .Status 1 0}}
names: {{.Names}}
labels: {{- pad .Labels 1 0}}
ports: {{- pad .Ports 1 0}}
`

function formatOf({ format = 'table', quiet, size }: Invocation<typeof flags>['flags']): string {
  if (format === 'raw') return quiet ? 'container_id: {{.ID}}' : `${raw}${size ? 'size: {{.Size}}\n' : ''}`
  if (quiet) return '{{.ID}}'
  return format === 'table' || format === '' ? `${table}${size ? '\t{{.Size}}' : ''}` : format
}

async function list({ flags: asked, folders }: Invocation<typeof flags>): Promise<number> {
  const format = formatOf(asked)
  const rows = await containerRows(chosen(asked, folders.dataRoot), folders, {
    cut: !asked['no-trunc'],
    sized: asked.size === true || mentions(format, 'Size'),
  })
  const text = renderRows(format, rows, containerShape)
  if (text !== '') print(text)
  return 0
}

/** The newest first. */
function chosen(asked: Invocation<typeof flags>['flags'], dataRoot: string): Container[] {
  const filter = containerFilter(asked.filter ?? [], dataRoot)
  const last = asked.latest ? 1 : (asked.last ?? -1)
  const isUp = ({ state: { status } }: Container): boolean =>
    status === 'running' || status === 'paused' || status === 'restarting'
  const showsAll = asked.all || last > 0 || filter.showsAll
  const fitting = listContainers(dataRoot).filter(
    (container) => (showsAll || isUp(container)) && filter.holds(container),
  )
  return last > 0 ? fitting.slice(0, last) : fitting
}
