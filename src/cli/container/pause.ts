/** `tinyctr pause`. */
import { pause as pauseContainer } from '../../engine/container/pause.ts'
import { defineCommand } from '../command.ts'
import { eachContainer } from './each-container.ts'

export const pause = defineCommand({
  usage: 'CONTAINER [CONTAINER...]',
  summary: 'Pause all processes within one or more containers',
  flags: {},
  least: 1,
  completes: 'containers',
  execute: ({ positionals, folders }) =>
    eachContainer(positionals, folders.dataRoot, (container) => pauseContainer(folders, container)),
})
