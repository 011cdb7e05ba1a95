/** What both halves of a plan know while they are walked. A fork copies it; only `memory` is shared. */

import type { Half, NumberedStep } from '../../plan/print.ts'
import { isSlot, isTemplate } from '../abi/kinds.ts'
import type { Channel } from './channel.ts'
import type { Watch } from './watch.ts'

export interface Execution {
  readonly steps: readonly NumberedStep[]
  /** Slots that steps have filled. */
  readonly slots: Map<string, number>
  readonly channel: Channel
  /** The host's /proc: it leads to ourselves whatever becomes of our mounts and namespaces. */
  readonly procFd: number
  readonly memory: Int32Array
  readonly watch: Watch | undefined
  half: Half
  /** The master end of the container's terminal, once it has sent it. */
  terminal: number | undefined
}

/** The words of `memory`. */
export const WORD = {
  /** How the container half failed: step (0: it did not), errno, repetition. */
  STEP: 0,
  ERRNO: 1,
  REPETITION: 2,
  /** The container's process, when a relay made it. */
  PID: 3,
  /** The step the container half is at. */
  CURRENT: 4,
  /** Whose step it is, when somebody watches: 0 the host half's, 1 the container half's. */
  TURN: 5,
  /** Somebody who watched had enough. */
  QUIT: 6,
  /** The watcher's own. */
  WATCH: 7,
} as const
export const WORDS = 8

/** An argument with numbers in the place of slots; undefined where a slot is empty. */
export function fillIn(slots: ReadonlyMap<string, number>, argument: unknown): unknown {
  let empty = false
  const fill = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
    if (isSlot(value)) {
      const number = slots.get(value.slot)
      empty ||= number === undefined
      return number
    }
    if (isTemplate(value)) return `${value.before}${fill(value.slot)}${value.after}`
    if (Array.isArray(value)) return value.map(fill)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fill(inner)]))
  }
  const filled = fill(argument)
  return empty ? undefined : filled
}
