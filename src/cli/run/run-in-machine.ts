/** `tinyctr run --isolation vm`. */
import type { HypervisorKind } from '../../engine/vm/machine.ts'
import { runInMachine as run } from '../../engine/vm/run-in-machine.ts'
import { UsageError } from '../../errors.ts'
import { becomeSingleThreaded } from '../../linux/execute-ffi/single-threaded.ts'
import type { Invocation } from '../invocation.ts'
import { prepareRun } from './prepare-run.ts'
import type { runFlags } from './run-flags.ts'

/** What needs more of this host than a machine is given. */
const IMPOSSIBLE = ['detach', 'restart', 'device', 'bundle', 'step', 'executor'] as const

export async function runInMachine(invocation: Invocation<typeof runFlags>): Promise<number> {
  const { flags } = invocation
  const asked = IMPOSSIBLE.find((name) => flags[name] !== undefined)
  if (asked !== undefined) throw new UsageError(`--${asked} cannot stand with --isolation vm`)
  if (flags.publish !== undefined || flags.network?.some(({ network }) => network !== 'none'))
    throw new UsageError('--isolation vm has no network but the loopback: leave --network and --publish out')
  becomeSingleThreaded()
  const direct = { ...flags, rm: true, network: [{ network: 'none', aliases: [] }] }
  const [, kind] = (flags.isolation ?? '').split(':')
  return run(await prepareRun({ ...invocation, flags: direct }), kind as HypervisorKind | undefined)
}
