/** `tinyctr images`. */
import type { imagesFlags } from './commands.ts'
import type { Invocation } from './invocation.ts'

export async function images(_invocation: Invocation<typeof imagesFlags>): Promise<number> {
  throw new Error('Cannot reach the image store: this part is unavailable')
}
