/** Steps that are made once for each value of a list (`each`). */
import { type CallStep, type Each, isEach } from './step.ts'

/** How often a step is made: as often as its `each` have values. */
export function repetitionsOf(step: CallStep): number {
  const lists = [...step.args, step.into].filter(isEach)
  const first = lists[0]?.each.length ?? 1
  if (lists.some((one) => one.each.length !== first))
    throw new TypeError(`the lists of ${step.call} differ in length`)
  return first
}

/** One repetition's value of something that may be an `each`. */
export const repetition = <T>(value: T | Each<T>, i: number): T =>
  isEach(value) ? (value.each[i] as T) : (value as T)
