/** `tinyctr stats`: what containers use, from their cgroups; a table that is drawn anew each second, or once. */
import { type Container, findContainer, listContainers } from '../../engine/container/list.ts'
import type { Accounting } from '../../engine/stats/cgroup-usage.ts'
import { Sampler } from '../../engine/stats/sampler.ts'
import { defineCommand } from '../command.ts'
import type { FlagTable } from '../flag.ts'
import { renderRows } from '../format/rows.ts'
import type { Invocation } from '../invocation.ts'
import { print, printError, writeOut } from '../screen/output.ts'
import { statsShape } from './stats-row.ts'

const flags = {
  all: { takes: 'nothing', short: 'a', help: 'Show all containers (default shows just running)' },
  format: { takes: 'one', value: 'TEMPLATE', help: "'table', 'table TEMPLATE', 'json' or a Go template" },
  'no-stream': { takes: 'nothing', help: 'Only show the first result' },
  'no-trunc': { takes: 'nothing', help: 'Do not truncate output' },
  pressure: { takes: 'nothing', help: 'Show how long tasks waited for CPU, memory and I/O (PSI)' },
} as const satisfies FlagTable

export const stats = defineCommand({
  usage: '[OPTIONS] [CONTAINER...]',
  summary: 'Display a live stream of what containers use',
  examples: [
    'tinyctr stats',
    'tinyctr stats --no-stream --format "table {{.Name}}\\t{{.CPUPerc}}\\t{{.MemUsage}}" web db',
  ],
  flags,
  least: 0,
  completes: 'containers',
  execute: show,
})

const table =
  'table {{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}'

/** Long enough for a share of the time to be told, short enough to wait for. */
const firstMilliseconds = 100
const frameMilliseconds = 1000

const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })

type Asked = Invocation<typeof flags>['flags']

async function show({
  flags: asked,
  positionals,
  folders: { dataRoot },
}: Invocation<typeof flags>): Promise<number> {
  const sampler = new Sampler()
  const find = (): [typed: string, container: Container][] => chosen(asked, positionals, dataRoot)
  sayWhatIsUnknown(sampler.accounting)
  const rendered = (shown: ReturnType<typeof find>): string => {
    const rows = shown.map(([typed, container]) => ({
      typed,
      sample: sampler.sample(container),
      cut: !asked['no-trunc'],
    }))
    return renderRows(formatOf(asked), rows, statsShape)
  }
  const first = find()
  const began = performance.now()
  // Each is read again in the same order, which takes no less time: for the last of many it has passed already.
  if (sampler.begin(first.map(([, container]) => container))) {
    await wait(Math.max(0, firstMilliseconds - (performance.now() - began)))
  }
  if (asked['no-stream']) {
    const text = rendered(first)
    if (text !== '') print(text)
    return 0
  }
  for (;;) {
    draw(rendered(find()))
    await wait(frameMilliseconds)
  }
}

function formatOf({ format = 'table', pressure }: Asked): string {
  return format === 'table' || format === '' ? `${table}${pressure ? '\t{{.Pressure}}' : ''}` : format
}

/** @throws StateError for a name that nobody has */
function chosen(
  asked: Asked,
  names: readonly string[],
  dataRoot: string,
): [typed: string, container: Container][] {
  if (names.length > 0) return names.map((name) => [name, findContainer(dataRoot, name)])
  return listContainers(dataRoot)
    .filter(({ state }) => asked.all || state.pid !== 0)
    .map((container) => [container.id, container])
}

/** On a terminal each frame stands where the last one stood, and nothing is cleared that is not written over. */
function draw(text: string): void {
  if (!process.stdout.isTTY) {
    print(text)
    return
  }
  const lines = text.split('\n').map((line) => `${line}\x1b[K`)
  writeOut(`\x1b[H${lines.join('\n')}\x1b[J`)
}

function sayWhatIsUnknown({ memory, io }: Accounting): void {
  const missing = [...(memory ? [] : ['memory']), ...(io ? [] : ['block I/O'])]
  if (missing.length === 0) return
  const pss = memory ? '' : '; memory is the PSS of the processes instead'
  printError(
    `tinyctr: no cgroup v2 controller counts ${missing.join(' and ')} here (tinyctr doctor says why)${pss}`,
  )
}
