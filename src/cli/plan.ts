/** `tinyctr plan`: what `run` with the same flags would do, printed. */
import type { planFlags } from './commands.ts'
import type { Invocation } from './invocation.ts'
import { runRequest } from './run-options.ts'
import { readSurroundings } from './surroundings.ts'

export async function plan({
  flags: { step: _step, json: _json, ...flags },
  positionals,
  environment,
}: Invocation<typeof planFlags>): Promise<number> {
  runRequest(flags, positionals, await readSurroundings(flags, environment))
  throw new Error('Cannot print a plan: this part is unavailable')
}
