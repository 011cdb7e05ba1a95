/** `tinyctr rm`. */
import { removeContainer } from '../../engine/container/remove.ts'
import { stopContainers } from '../../engine/container/stop.ts'
import { StateError } from '../../errors.ts'
import { defineCommand } from '../command.ts'
import { print, printError } from '../screen/output.ts'
import { findEach, tell } from './each-container.ts'

export const rm = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Remove one or more containers',
  examples: ['tinyctr rm web', 'tinyctr rm -f web db'],
  flags: {
    force: { takes: 'nothing', short: 'f', help: 'Kill it first if it runs' },
    volumes: { takes: 'nothing', short: 'v', help: 'Remove its anonymous volumes too' },
  },
  least: 1,
  completes: 'containers',
  async execute({ flags: { force = false, volumes = false }, positionals, folders }) {
    const { found, exitCode } = findEach(positionals, folders.dataRoot)
    let code = force ? 0 : exitCode
    if (force) {
      const all = found.map(({ container }) => container)
      stopContainers(folders, all, { seconds: 0 })
    }
    for (const { word, container } of found) {
      try {
        await removeContainer(folders, container, { force, volumes })
        print(word)
      } catch (error) {
        if (error instanceof StateError) printError(`tinyctr: ${error.message}`)
        else tell(error)
        code = 1
      }
    }
    return code
  },
})
