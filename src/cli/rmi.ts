/** `tinyctr rmi`. */
import type { rmiFlags } from './commands.ts'
import type { Invocation } from './invocation.ts'

export async function rmi(_invocation: Invocation<typeof rmiFlags>): Promise<number> {
  throw new Error('Cannot reach the image store: this part is unavailable')
}
