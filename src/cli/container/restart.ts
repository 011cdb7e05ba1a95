/** `tinyctr restart`: stop, then start. */

import { spawnSync } from 'node:child_process'
import { stopContainers } from '../../engine/container/stop.ts'
import { recordContainerEvent } from '../../engine/events/record-event-of.ts'
import { signalNumber } from '../../linux/abi/signal.ts'
import { ownCommand } from '../../runtime/own-command.ts'
import { defineCommand } from '../command.ts'
import { findEach } from './each-container.ts'
import { stopFlags } from './stop.ts'

export const restart = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Restart one or more containers',
  flags: stopFlags,
  least: 1,
  completes: 'containers',
  async execute({ flags, positionals, folders: { root, dataRoot } }) {
    const { found, exitCode } = findEach(positionals, dataRoot)
    stopContainers(
      { root, dataRoot },
      found.map(({ container }) => container),
      {
        signal: flags.signal === undefined ? undefined : signalNumber(flags.signal),
        seconds: flags.timeout,
      },
    )
    let code = exitCode
    const [program = '', ...before] = ownCommand('--root')
    for (const { word, container } of found) {
      const args = [...before, root, '--data-root', dataRoot, 'start', word]
      if (spawnSync(program, args, { stdio: 'inherit' }).status !== 0) code = 1
      else recordContainerEvent(dataRoot, container, 'restart')
    }
    return code
  },
})
