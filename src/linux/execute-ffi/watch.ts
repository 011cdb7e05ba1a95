/** Somebody who looks on while a plan is walked, in the host half and in the container half (lab/walk.ts). */
import type { NumberedStep } from '../../plan/print.ts'
import type { Execution } from './execution.ts'

/** What one repetition of a step came to. */
export interface Outcome {
  /** The result of the system call, or -errno; undefined where a slot was empty and the call was not made. */
  readonly result: number | undefined
  readonly failed: boolean
  readonly tolerated: boolean
}

/** A fork copies it: what both of it must know goes into `memory[WORD.WATCH]`. */
export interface Watch {
  readonly begin: (execution: Pick<Execution, 'steps' | 'memory' | 'procFd'>) => void
  readonly before: (step: NumberedStep) => 'run' | 'skip' | 'quit'
  readonly after: (step: NumberedStep, outcomes: readonly Outcome[]) => void
}
