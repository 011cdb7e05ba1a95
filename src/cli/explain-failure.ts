/** `tinyctr explain-failure`: the executor, which holds no strings, calls it to say why a step failed. */
import { explainFailure as explain } from '../engine/explain.ts'
import { defineCommand } from './command.ts'
import { printError } from './screen/output.ts'

export const explainFailure = defineCommand({
  usage: '[ARG...]',
  summary: 'Explain a failed step; the executor calls it',
  flags: {},
  flagsFirst: true,
  least: 0,
  hidden: true,
  async execute({ positionals }) {
    const [planFd = -1, step = 0, errno = 0, pid = 0] = positionals.map(Number)
    const { text, exitCode } = await explain({ planFd, step, errno, pid, words: positionals[4] ?? '' })
    printError(text)
    return exitCode
  },
})
