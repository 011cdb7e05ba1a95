/** `tinyctr kill`. */
import { killContainer } from '../../engine/container/stop.ts'
import { signalNumber } from '../../linux/abi/signal.ts'
import { defineCommand } from '../command.ts'
import { parseSignal } from '../run/run-values.ts'
import { eachContainer } from './each-container.ts'

const SIGKILL = 9

export const kill = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Send a signal to one or more running containers',
  examples: ['tinyctr kill web', 'tinyctr kill -s HUP web'],
  flags: {
    signal: {
      takes: 'one',
      short: 's',
      value: 'SIGNAL',
      parse: parseSignal,
      help: 'Signal to send (default SIGKILL)',
    },
  },
  least: 1,
  completes: 'containers',
  execute: ({ flags: { signal }, positionals, folders }) =>
    eachContainer(positionals, folders.dataRoot, (container, word) =>
      killContainer(
        folders,
        container,
        word,
        signal === undefined ? SIGKILL : (signalNumber(signal) as number),
      ),
    ),
})
