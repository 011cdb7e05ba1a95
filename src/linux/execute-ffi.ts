/**
 * Runs a plan from TypeScript, each system call through FFI: for stepping and teaching, since whoever reads the plan
 * can stop between any two calls. The container gets what the native executor gives it (docs/decisions/ffi.md says how
 * a JavaScript process can be cloned at all); only slower, and with JavaScript waiting for it.
 */

import { numberSteps } from '../plan/print.ts'
import { CHANNEL, type Plan } from '../plan/step.ts'
import { O } from './abi/arch.ts'
import { AT } from './abi/flags.ts'
import { attempt, call } from './call.ts'
import { moveAside, openChannel } from './execute-ffi/channel.ts'
import { type Execution, WORD, WORDS } from './execute-ffi/execution.ts'
import { StepFailure } from './execute-ffi/failure.ts'
import { runHalf } from './execute-ffi/half.ts'
import { awaitExecve, containerOf, endContainer, monitor } from './execute-ffi/monitor.ts'
import { reap } from './execute-ffi/operations.ts'
import { shareMemory } from './execute-ffi/shared-memory.ts'
import { collectSignals, type Signals } from './execute-ffi/signals.ts'
import { becomeSingleThreaded, inheritStandardStreams } from './execute-ffi/single-threaded.ts'
import { giveTurn } from './execute-ffi/turn.ts'
import type { Watch } from './execute-ffi/watch.ts'

export { StepFailure } from './execute-ffi/failure.ts'

export interface FfiOptions {
  readonly interactive?: boolean
  /** Looks on, step by step. */
  readonly watch?: Watch
  /** Called while the failed half is still there to be looked at. */
  readonly explain?: (failure: StepFailure) => number
}

const STOPPED_BY_HAND = 130

/**
 * Starts this process again in its own place first, where its runtime has threads it cannot do without.
 *
 * @returns the container's exit code, 128+n for signal n; of a failed step what `explain` returns. The clean-up half
 *   has run by then, and the container is gone.
 * @throws StepFailure when a step failed and there is no `explain`
 */
export async function executeWithFfi(plan: Plan, options: FfiOptions = {}): Promise<number> {
  becomeSingleThreaded()
  const execution = begin(plan, options.watch)
  const signals = collectSignals()
  try {
    return await start(execution, signals, options)
  } finally {
    endContainer(execution)
    runHalf(execution, 'cleanup')
    signals.stop()
    for (const fd of [execution.channel.parent, execution.procFd, execution.terminal ?? -1])
      attempt('close', [fd])
  }
}

function begin(plan: Plan, watch: Watch | undefined): Execution {
  inheritStandardStreams()
  const channel = openChannel()
  const execution: Execution = {
    steps: numberSteps(plan),
    slots: new Map([[CHANNEL.slot, channel.container]]),
    channel,
    procFd: moveAside(call('openat', [AT.FDCWD, '/proc', O.PATH | O.DIRECTORY | O.CLOEXEC, 0])),
    memory: shareMemory(WORDS),
    watch,
    half: 'host',
    terminal: undefined,
  }
  watch?.begin(execution)
  return execution
}

async function start(execution: Execution, signals: Signals, options: FfiOptions): Promise<number> {
  try {
    if (!runHalf(execution, 'host')) return STOPPED_BY_HAND
    giveTurn(execution, 'container')
    const signal = await awaitExecve(execution, signals)
    if (signal !== undefined) return 128 + signal
    if (execution.memory[WORD.QUIT]) return STOPPED_BY_HAND
    verify(execution)
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error
    const failure = new StepFailure(error.step, error.errno, error.repetition, containerOf(execution))
    if (!options.explain) throw failure
    return options.explain(failure)
  }
  return monitor(execution, signals, options.interactive === true)
}

/** The container half is over: it has become the program, or it says what failed, or it broke. */
function verify(execution: Execution): void {
  const word = (index: number): number => execution.memory[index] as number
  if (word(WORD.STEP) > 0)
    throw new StepFailure(word(WORD.STEP), word(WORD.ERRNO), word(WORD.REPETITION), undefined)
  const last = execution.steps.findLast((one) => one.half === 'container')
  if (!last || word(WORD.CURRENT) >= last.number) return
  const code = reap(containerOf(execution) as number, 0)?.code
  throw new Error(
    `Cannot go on after step ${word(WORD.CURRENT)}: the container's half of the plan ended with exit code ${code}`,
  )
}
