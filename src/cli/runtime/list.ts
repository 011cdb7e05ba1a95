/** `tinyctr-runtime list`. */
import { readTextIfAny } from '../../linux/file.ts'
import { listContainers } from '../../runtime/state.ts'
import { alignTabs } from '../format/tab-writer.ts'
import { print } from '../screen/output.ts'
import { runtimeCommand } from './command.ts'
import { stateOf } from './state.ts'

export const list = runtimeCommand({
  usage: '[OPTIONS]',
  summary: 'List containers',
  flags: {
    format: {
      takes: 'one',
      short: 'f',
      value: 'FORMAT',
      choices: ['table', 'json'],
      help: 'table (default) or json',
    },
    quiet: { takes: 'nothing', short: 'q', help: 'Only ids' },
  },
  least: 0,
  most: 0,
  async execute({ flags, global }) {
    const containers = listContainers(global.root)
    if (flags.quiet) {
      if (containers.length > 0) print(containers.map(({ state }) => state.id).join('\n'))
      return 0
    }
    const rows = containers.map((container) => ({
      ...stateOf(container),
      owner: nameOf(container.state.owner),
    }))
    if (flags.format === 'json') print(rows.length === 0 ? 'null' : JSON.stringify(rows))
    else print(table(rows))
    return 0
  },
})

const nameOf = (uid: number): string =>
  (readTextIfAny('/etc/passwd') ?? '')
    .split('\n')
    .map((line) => line.split(':'))
    .find((fields) => fields[2] === String(uid))?.[0] ?? `#${uid}`

/** As runc's tabwriter: at least twelve wide. */
const LEAST_WIDTH = 12

const table = (rows: readonly ReturnType<typeof stateOf>[]): string =>
  alignTabs(
    [
      ['ID', 'PID', 'STATUS', 'BUNDLE', 'CREATED', 'OWNER'],
      ...rows.map(({ id, pid, status, bundle, created, owner }) => [id, pid, status, bundle, created, owner]),
    ]
      .map((cells) => cells.join('\t'))
      .join('\n'),
    LEAST_WIDTH,
  )
