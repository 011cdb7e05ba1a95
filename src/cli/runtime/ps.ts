/** `tinyctr-runtime ps`: the processes of a container, by number or as the ps of the host shows them. */
import { StateError } from '../../errors.ts'
import { containerProcesses } from '../../runtime/processes.ts'
import { readContainer } from '../../runtime/state.ts'
import { print } from '../screen/output.ts'
import { runtimeCommand } from './command.ts'

export const ps = runtimeCommand({
  usage: '[OPTIONS] ID [PS OPTIONS]',
  summary: 'List the processes of a container',
  flags: {
    format: {
      takes: 'one',
      short: 'f',
      value: 'FORMAT',
      choices: ['table', 'json'],
      help: 'table (default) or json',
    },
  },
  flagsFirst: true,
  least: 1,
  async execute({ flags, positionals, global }) {
    const [id = '', ...options] = positionals
    const pids = containerProcesses(readContainer(global.root, id))
    if (flags.format === 'json') print(pids.length === 0 ? 'null' : JSON.stringify(pids))
    else print(await table(pids, options.length === 0 ? ['-ef'] : options))
    return 0
  },
})

async function table(pids: readonly number[], options: readonly string[]): Promise<string> {
  const { spawnSync } = await import('node:child_process')
  const { status, stdout, stderr, error } = spawnSync('ps', options, { encoding: 'utf8' })
  if (status !== 0) throw new StateError(`Cannot run ps: ${error?.message ?? stderr.trim()}`)
  const [head = '', ...lines] = stdout.trimEnd().split('\n')
  const column = head.trim().split(/\s+/).indexOf('PID')
  if (column < 0) throw new StateError("couldn't find PID field in ps output")
  return [head, ...lines.filter((line) => pids.includes(Number(line.trim().split(/\s+/)[column])))].join('\n')
}
