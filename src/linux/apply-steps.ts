/** Steps of the host made at once, without a container: what `update` and `delete` do is a plan too. */
import { repetition, repetitionsOf } from '../plan/repetition.ts'
import type { CallStep, Step } from '../plan/step.ts'
import { errnoNumber } from './abi/errno.ts'
import type { ArgumentsOf } from './abi/syscalls.ts'
import { attempt } from './call.ts'
import { fillIn } from './execute-ffi/execution.ts'

/** Counted from 1. */
export interface FailedApply {
  readonly step: number
  readonly errno: number
}

/** Only calls. @returns the first that failed, if one did; what it opened is closed either way */
export function applySteps(steps: readonly Step[]): FailedApply | undefined {
  const slots = new Map<string, number>()
  const opened: number[] = []
  try {
    for (const [i, step] of steps.entries()) {
      if (step.is !== 'call') throw new TypeError(`${step.is} steps need an executor`)
      const errno = applyCall(step, slots, opened)
      if (errno !== 0) return { step: i + 1, errno }
    }
    return undefined
  } finally {
    for (const fd of opened) attempt('close', [fd])
  }
}

const OPENS: readonly string[] = ['openat', 'openat2', 'bpf']

function applyCall(step: CallStep, slots: Map<string, number>, opened: number[]): number {
  for (let i = 0; i < repetitionsOf(step); i++) {
    const args = step.args.map((argument) => fillIn(slots, repetition(argument, i)))
    if ((step.unless && slots.has(step.unless.slot)) || args.includes(undefined)) continue
    const result = attempt(step.call, args as ArgumentsOf<typeof step.call>)
    const into = repetition(step.into, i)
    if (into && result >= 0) {
      slots.set(into.slot, result)
      if (OPENS.includes(step.call)) opened.push(result)
    }
    const tolerated = step.tolerate?.some((name) => errnoNumber(name) === -result)
    if (result < 0 && !tolerated) return -result
  }
  return 0
}
