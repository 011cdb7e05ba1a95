/** `tinyctr-runtime kill`. */
import { kill as killContainer, parseSignal } from '../../runtime/kill.ts'
import { runtimeCommand } from './command.ts'

export const kill = runtimeCommand({
  usage: '[OPTIONS] ID [SIGNAL]',
  summary: 'Send a signal to a container (default SIGTERM)',
  flags: { all: { takes: 'nothing', short: 'a', help: 'To all its processes' } },
  least: 1,
  most: 2,
  async execute({ flags, positionals, global }) {
    const [id = '', signal = 'SIGTERM'] = positionals
    killContainer(global.root, id, parseSignal(signal), flags.all ?? false)
    return 0
  },
})
