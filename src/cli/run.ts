/** `tinyctr run`: the hot path. */
import type { Invocation } from './invocation.ts'
import type { runFlags } from './run-flags.ts'
import { runRequest } from './run-options.ts'
import { readSurroundings } from './surroundings.ts'

export async function run({ flags, positionals, environment }: Invocation<typeof runFlags>): Promise<number> {
  runRequest(flags, positionals, await readSurroundings(flags, environment))
  throw new Error('Cannot run a container: this part is unavailable')
}
