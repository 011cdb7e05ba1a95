/** `tinyctr run`: the hot path. */
import { launch } from '../../engine/launch.ts'
import { beginPreparation } from '../../runtime/prepared-start.ts'
import { defineCommand } from '../command.ts'
import type { Invocation } from '../invocation.ts'
import { prepareRun } from './prepare-run.ts'
import { laterRunFlags, runFlags } from './run-flags.ts'

export const run = defineCommand({
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  summary: 'Create and run a new container from an image',
  examples: [
    'tinyctr run -it alpine sh',
    "tinyctr run --rm alpine echo 'Container started!'",
    'tinyctr run --memory 100m --cpus 0.5 alpine sh -c "echo limited"',
  ],
  flags: runFlags,
  laterFlags: laterRunFlags,
  flagsFirst: true,
  completes: 'images',
  least: 1,
  execute: start,
})

/** Returns only where the executor is not the native one; else this process becomes it. */
async function start(invocation: Invocation<typeof runFlags>): Promise<number> {
  const { step, executor, isolation } = invocation.flags
  if (isolation?.startsWith('vm')) return (await import('./run-in-machine.ts')).runInMachine(invocation)
  // Starts this process again: before any work, so that nothing is done or said twice.
  if (step || executor === 'ffi') {
    ;(await import('../../linux/execute-ffi/single-threaded.ts')).becomeSingleThreaded()
  }
  beginPreparation()
  const { cidfile } = invocation.flags
  const asked = await prepareRun(invocation)
  const prepared =
    cidfile === undefined ? asked : (await import('./cidfile.ts')).launchWithCidfile(cidfile, asked)
  if (!prepared.lab.step) return launch(prepared)
  const { walk } = await import('../../lab/walk.ts')
  return launch({ ...prepared, watch: walk(prepared) })
}
