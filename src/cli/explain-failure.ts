/** `tinyctr explain-failure`: the executor, which holds no strings, calls it to say why a step failed. */
import { explainFailure as explain } from '../engine/explain.ts'
import type { noFlags } from './commands.ts'
import type { Invocation } from './invocation.ts'
import { printError } from './output.ts'

export async function explainFailure({ positionals }: Invocation<typeof noFlags>): Promise<number> {
  const [planFd = -1, step = 0, errno = 0, pid = 0] = positionals.map(Number)
  const { text, exitCode } = await explain({ planFd, step, errno, pid })
  printError(text)
  return exitCode
}
