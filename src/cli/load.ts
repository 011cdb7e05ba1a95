/** `tinyctr load`. */
import type { loadFlags } from './commands.ts'
import type { Invocation } from './invocation.ts'

export async function load(_invocation: Invocation<typeof loadFlags>): Promise<number> {
  throw new Error('Cannot reach the image store: this part is unavailable')
}
