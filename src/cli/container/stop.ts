/** `tinyctr stop`: all at once, each with its own signal and time. */

import { parseInteger } from '../../engine/config/integer.ts'
import { stopContainers } from '../../engine/container/stop.ts'
import { signalNumber } from '../../linux/abi/signal.ts'
import { defineCommand } from '../command.ts'
import type { FlagTable } from '../flag.ts'
import { parseSignal } from '../run/run-values.ts'
import { print } from '../screen/output.ts'
import { findEach } from './each-container.ts'

export const stopFlags = {
  signal: { takes: 'one', short: 's', value: 'SIGNAL', parse: parseSignal, help: 'Signal to send' },
  timeout: {
    takes: 'one',
    short: 't',
    value: 'SECONDS',
    parse: parseInteger,
    help: 'Seconds to wait before killing it; -1: for ever (default 10)',
  },
  time: { takes: 'as', of: 'timeout' },
} as const satisfies FlagTable

export const stop = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Stop one or more running containers',
  examples: ['tinyctr stop web', 'tinyctr stop -t 2 web db'],
  flags: stopFlags,
  least: 1,
  completes: 'containers',
  async execute({ flags, positionals, folders }) {
    const { found, exitCode } = findEach(positionals, folders.dataRoot)
    stopContainers(
      folders,
      found.map(({ container }) => container),
      {
        signal: flags.signal === undefined ? undefined : signalNumber(flags.signal),
        seconds: flags.timeout,
      },
    )
    for (const { word } of found) print(word)
    return exitCode
  },
})
