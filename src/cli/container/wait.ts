/** `tinyctr wait`. */
import { waitForExit } from '../../engine/container/wait.ts'
import { defineCommand } from '../command.ts'
import { print } from '../screen/output.ts'
import { findEach } from './each-container.ts'

export const wait = defineCommand({
  usage: 'CONTAINER [CONTAINER...]',
  summary: 'Block until one or more containers stop, then print their exit codes',
  flags: {},
  least: 1,
  completes: 'containers',
  async execute({ positionals, folders: { dataRoot } }) {
    const { found, exitCode } = findEach(positionals, dataRoot)
    for (const { container } of found) print(String(await waitForExit(dataRoot, container)))
    return exitCode
  },
})
