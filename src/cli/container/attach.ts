/** `tinyctr attach`: this process becomes a small one that looks on. */
import { attach as attachTo } from '../../engine/container/attach.ts'
import { parseDetachKeys } from '../../engine/container/detach-keys.ts'
import { findContainer } from '../../engine/container/list.ts'
import { defineCommand } from '../command.ts'
import { requireTerminalFor } from '../screen/terminal.ts'

export const attach = defineCommand({
  usage: '[OPTIONS] CONTAINER',
  summary: 'Attach standard input, output and error to a running container',
  examples: ['tinyctr attach web', 'tinyctr attach --detach-keys ctrl-x web'],
  flags: {
    'detach-keys': {
      takes: 'one',
      value: 'KEYS',
      parse: parseDetachKeys,
      help: 'Keys that detach from the container (default ctrl-p,ctrl-q)',
    },
    'no-stdin': { takes: 'nothing', help: 'Do not attach standard input' },
    'sig-proxy': { takes: 'nothing', help: 'Pass signals on to the container (default true)' },
  },
  least: 1,
  most: 1,
  completes: 'containers',
  async execute({ flags, positionals: [word = ''], folders }) {
    const container = findContainer(folders.dataRoot, word)
    const stdin = !flags['no-stdin']
    if (stdin) requireTerminalFor(container.record.options)
    return attachTo(folders, container, {
      stdin,
      stdout: true,
      stderr: true,
      detachKeys: flags['detach-keys'],
      signalProxy: flags['sig-proxy'] ?? true,
    })
  },
})
