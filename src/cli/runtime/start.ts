/** `tinyctr-runtime start`. */
import { start as startContainer } from '../../runtime/start.ts'
import { runtimeCommand } from './command.ts'

export const start = runtimeCommand({
  usage: 'ID',
  summary: 'Start a created container',
  flags: {},
  least: 1,
  most: 1,
  async execute({ positionals, global }) {
    await startContainer(global.root, positionals[0] as string)
    return 0
  },
})
