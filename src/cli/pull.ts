/** `tinyctr pull`. */
import type { pullFlags } from './commands.ts'
import type { Invocation } from './invocation.ts'

export async function pull(_invocation: Invocation<typeof pullFlags>): Promise<number> {
  throw new Error('Cannot reach the image store: this part is unavailable')
}
