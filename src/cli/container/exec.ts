/** `tinyctr exec`. */

import { parseDetachKeys } from '../../engine/container/detach-keys.ts'
import { execInContainer } from '../../engine/container/exec.ts'
import { findNotedContainer } from '../../engine/container/list.ts'
import { requireTerminal } from '../../engine/launch.ts'
import { beginPreparation } from '../../runtime/prepared-start.ts'
import { defineCommand } from '../command.ts'
import { runFlags } from '../run/run-flags.ts'
import { environmentOf } from '../run/run-options.ts'
import { readSurroundings } from '../run/surroundings.ts'

export const exec = defineCommand({
  usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  summary: 'Execute a command in a running container',
  examples: ['tinyctr exec web ps', 'tinyctr exec -it -u root web sh'],
  flags: {
    detach: { takes: 'nothing', short: 'd', help: 'Run the command in the background' },
    'detach-keys': {
      takes: 'one',
      value: 'KEYS',
      parse: parseDetachKeys,
      help: 'Keys that detach from it (default ctrl-p,ctrl-q)',
    },
    env: runFlags.env,
    'env-file': runFlags['env-file'],
    interactive: runFlags.interactive,
    privileged: { takes: 'nothing', help: 'Give extended privileges to the command' },
    tty: runFlags.tty,
    user: runFlags.user,
    workdir: runFlags.workdir,
  },
  flagsFirst: true,
  least: 2,
  completes: 'containers',
  async execute({ flags, positionals: [word = '', ...command], folders, environment }) {
    const { interactive = false, tty: terminal = false, detach = false } = flags
    beginPreparation()
    const container = findNotedContainer(folders.dataRoot, word)
    if (terminal && interactive && !detach) requireTerminal()
    return execInContainer(folders, container, {
      command,
      environment: environmentOf(flags, await readSurroundings(flags, environment)),
      user: flags.user,
      workdir: flags.workdir,
      privileged: flags.privileged ?? false,
      interactive: interactive && !detach,
      terminal,
      detach,
      detachKeys: flags['detach-keys'],
    })
  },
})
