/** `tinyctr unpause`. */
import { unpause as unpauseContainer } from '../../engine/container/pause.ts'
import { defineCommand } from '../command.ts'
import { eachContainer } from './each-container.ts'

export const unpause = defineCommand({
  usage: 'CONTAINER [CONTAINER...]',
  summary: 'Unpause all processes within one or more containers',
  flags: {},
  least: 1,
  completes: 'containers',
  execute: ({ positionals, folders }) =>
    eachContainer(positionals, folders.dataRoot, (container) => unpauseContainer(folders, container)),
})
