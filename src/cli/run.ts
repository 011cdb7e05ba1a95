/** `tinyctr run`: the hot path. */
import { launch } from '../engine/launch.ts'
import type { Invocation } from './invocation.ts'
import { prepareRun } from './prepare-run.ts'
import type { runFlags } from './run-flags.ts'

/** Returns only where the executor is not the native one; else this process becomes it. */
export const run = async (invocation: Invocation<typeof runFlags>): Promise<number> =>
  launch(await prepareRun(invocation))
