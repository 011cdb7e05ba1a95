/** `tinyctr explain-failure`: the executor, which holds no strings, calls it to say why a step failed. */
import type { noFlags } from './commands.ts'
import type { Invocation } from './invocation.ts'

export async function explainFailure(_invocation: Invocation<typeof noFlags>): Promise<number> {
  throw new Error('Cannot explain a failure: this part is unavailable')
}
