/** `tinyctr logs`. */
import { findContainer } from '../../engine/container/list.ts'
import { logAttributes, printAttributes } from '../../engine/container/log-attributes.ts'
import { type LogEntry, logEntries } from '../../engine/container/logs.ts'
import { defineCommand } from '../command.ts'
import { parseMoment } from '../screen/moment.ts'
import { writeError, writeOut } from '../screen/output.ts'
import { labelsOf } from './container-row.ts'

export const logs = defineCommand({
  usage: '[OPTIONS] CONTAINER',
  summary: 'Fetch the logs of a container',
  examples: ['tinyctr logs -f web', 'tinyctr logs --since 10m --tail 100 -t web'],
  flags: {
    details: { takes: 'nothing', help: 'Show extra details provided to logs' },
    follow: { takes: 'nothing', short: 'f', help: 'Follow log output' },
    since: {
      takes: 'one',
      value: 'TIME',
      help: 'Only those since a time (2024-01-02T13:23:37Z) or for so long (42m)',
    },
    tail: { takes: 'one', short: 'n', value: 'N', help: 'Only the last N lines (default all)' },
    timestamps: { takes: 'nothing', short: 't', help: 'Show timestamps' },
    until: { takes: 'one', value: 'TIME', help: 'Only those before a time or so long ago' },
  },
  least: 1,
  most: 1,
  completes: 'containers',
  async execute({ flags, positionals: [word = ''], folders: { dataRoot } }) {
    const now = Date.now()
    const time = (text: string | undefined): string | undefined =>
      text === undefined ? undefined : printMoment(text, now)
    const container = findContainer(dataRoot, word)
    const request = {
      follow: flags.follow ?? false,
      tail: flags.tail !== undefined && /^\d+$/.test(flags.tail) ? Number(flags.tail) : undefined,
      since: time(flags.since),
      until: time(flags.until),
    }
    const { options } = container.record
    const details = flags.details ? `${printAttributes(logAttributes(options, labelsOf(container)))} ` : ''
    for await (const entries of logEntries(dataRoot, container, request)) {
      show(entries, { timestamps: flags.timestamps ?? false, details })
    }
    return 0
  },
})

const NANOSECOND_DIGITS = 9

/** As the log has it: RFC 3339 with nanoseconds, which a number of milliseconds would lose. */
function printMoment(text: string, now: number): string {
  const whole = new Date(parseMoment(text, now)).toISOString()
  const given = /\.(\d{1,9})(?:Z|[+-]\d\d:\d\d)?$/.exec(text)?.[1] ?? whole.slice(-4, -1)
  return `${whole.slice(0, -'.000Z'.length)}.${given.padEnd(NANOSECOND_DIGITS, '0')}Z`
}

/** Runs of one stream at once, in order. */
function show(
  entries: readonly LogEntry[],
  { timestamps, details }: { timestamps: boolean; details: string },
): void {
  let text = ''
  let stream = entries[0]?.stream
  for (const entry of entries) {
    if (entry.stream !== stream) {
      write(stream, text)
      text = ''
      stream = entry.stream
    }
    text += `${timestamps ? `${entry.time} ` : ''}${details}${entry.log}`
  }
  write(stream, text)
}

const write = (stream: LogEntry['stream'] | undefined, text: string): void =>
  stream === 'stderr' ? writeError(text) : writeOut(text)
