/** `tinyctr run`: the hot path. */
import { launch } from '../engine/launch.ts'
import type { Invocation } from './invocation.ts'
import { prepareRun } from './prepare-run.ts'
import type { runFlags } from './run-flags.ts'

/** Returns only where the executor is not the native one; else this process becomes it. */
export async function run(invocation: Invocation<typeof runFlags>): Promise<number> {
  const { step, executor } = invocation.flags
  // Starts this process again: before any work, so that nothing is done or said twice.
  if (step || executor === 'ffi') {
    ;(await import('../linux/execute-ffi/single-threaded.ts')).becomeSingleThreaded()
  }
  const prepared = await prepareRun(invocation)
  if (!prepared.lab.step) return launch(prepared)
  const { walk } = await import('../lab/walk.ts')
  return launch({ ...prepared, watch: walk(prepared) })
}
