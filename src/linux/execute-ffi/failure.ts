/** A step that failed, as both executors tell it: by number. What it means is said by step-failure.ts. */
import { errnoName } from '../abi/errno.ts'

export class StepFailure extends Error {
  override name = 'StepFailure'
  /** As `tinyctr plan` numbers it. */
  readonly step: number
  readonly errno: number
  /** Which of the step's repetitions, from 0. */
  readonly repetition: number
  /** The container's half, which waits to be looked at through /proc/PID/root; none if it was not made yet. */
  readonly pid: number | undefined

  constructor(step: number, errno: number, repetition: number, pid: number | undefined) {
    super(`Cannot make step ${step}: ${errnoName(errno)}`)
    this.step = step
    this.errno = errno
    this.repetition = repetition
    this.pid = pid
  }
}
