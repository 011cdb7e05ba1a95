/** `tinyctr-runtime events`: a line of JSON each interval, and one when the container runs out of memory. */
import { StateError, UsageError } from '../../errors.ts'
import { type Container, readContainer } from '../../runtime/state.ts'
import { readOomKills, readStats } from '../../runtime/stats.ts'
import { statusOf } from '../../runtime/status.ts'
import { print } from '../screen/output.ts'
import { runtimeCommand } from './command.ts'

export const events = runtimeCommand({
  usage: '[OPTIONS] ID',
  summary: 'Print what a container uses, and when it runs out of memory',
  flags: {
    interval: { takes: 'one', value: 'DURATION', parse: parseDuration, help: 'How often (default 5s)' },
    stats: { takes: 'nothing', help: 'Once, then end' },
  },
  least: 1,
  most: 1,
  async execute({ flags, positionals, global }) {
    const container = readContainer(global.root, positionals[0] as string)
    if (statusOf(container) === 'stopped')
      throw new StateError(`container with id ${container.state.id} is not running`)
    printStats(container)
    if (!flags.stats) await watch(container, flags.interval ?? DEFAULT_INTERVAL)
    return 0
  },
})

const DEFAULT_INTERVAL = 5000

async function watch(container: Container, milliseconds: number): Promise<void> {
  const { id, cgroup } = container.state
  let kills = cgroup === undefined ? 0n : readOomKills(cgroup)
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
    if (statusOf(container) === 'stopped') return
    const now = cgroup === undefined ? 0n : readOomKills(cgroup)
    if (now > kills) print(JSON.stringify({ type: 'oom', id }))
    kills = now
    printStats(container)
  }
}

function printStats({ state }: Container): void {
  if (state.cgroup === undefined)
    throw new StateError(`container ${state.id} has no cgroup that counts what it uses`)
  const text = JSON.stringify({ type: 'stats', id: state.id, data: readStats(state.cgroup) }, bigAsMark)
  print(text.replace(/"#(\d+)#"/g, '$1'))
}

/** Numbers past 2^53 must not be rounded. */
const bigAsMark = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `#${value}#` : value)

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

/** Go's durations: `5s`, `1m30s`, `500ms`. */
function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  const milliseconds = parts.reduce(
    (sum, [, n, unit]) => sum + Number(n) * UNITS[unit as keyof typeof UNITS],
    0,
  )
  if (parts.map(([one]) => one).join('') !== text || milliseconds === 0)
    throw new UsageError(`duration interval must be greater than 0`)
  return milliseconds
}
