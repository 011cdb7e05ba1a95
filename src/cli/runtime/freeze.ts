/** `tinyctr-runtime pause` and `resume`. */
import { pause as pauseContainer, resume as resumeContainer } from '../../runtime/freeze.ts'
import { runtimeCommand } from './command.ts'

export const pause = runtimeCommand({
  usage: 'ID',
  summary: 'Freeze all processes of a container',
  flags: {},
  least: 1,
  most: 1,
  async execute({ positionals, global }) {
    pauseContainer(global.root, positionals[0] as string)
    return 0
  },
})

export const resume = runtimeCommand({
  usage: 'ID',
  summary: 'Let a frozen container go on',
  flags: {},
  least: 1,
  most: 1,
  async execute({ positionals, global }) {
    resumeContainer(global.root, positionals[0] as string)
    return 0
  },
})
