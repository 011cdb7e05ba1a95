/**
 * The alphabet of plans. A plan is three flat lists of steps; nearly every step is one system call.
 *
 * - `host`: made by the parent, in the host's namespaces, up to and after the clone3(2) that starts the container.
 * - `container`: made by the child, from its first instruction to execve(2).
 * - `cleanup`: made by the parent when the container has ended, or when any step failed. Each tolerates that the thing
 *   it removes was never made.
 *
 * A failed step ends the plan, unless the step tolerates the errno. Then the slot it would have filled stays empty, and
 * later steps that need that slot are passed over.
 */
import type { AnyStruct, Slot, Template } from '../linux/abi/kinds.ts'
import type { Batch } from '../linux/abi/netlink/messages.ts'
import type { ArgumentsOf, SyscallName } from '../linux/abi/syscalls.ts'

/** Who goes on with the steps that follow a clone3(2). */
export type CloneRole =
  /** The child makes the container half; the parent goes on with the host half. */
  | 'container'
  /** Inside the container half: the child (a sibling, CLONE_PARENT) goes on; the caller has done its part and exits. */
  | 'relay'
  /** Inside the container half: the child goes on; the caller stays as PID 1, reaps and forwards signals (--init). */
  | 'init'
  /** Inside the host half: the child only waits to be killed; it holds a user namespace open while its maps are read. */
  | 'holder'

/** One value for each repetition of the step. All the `each` of a step have the same length. */
export interface Each<T> {
  readonly each: readonly T[]
}

export interface Reason {
  /** One line: why this step is here, or why here. */
  readonly why: string
  /** Where it comes from: a JSON pointer into config.json, or a flag. One for each repetition, where they differ. */
  readonly at?: string | readonly string[]
}

export interface CallStep extends Reason {
  readonly is: 'call'
  readonly call: SyscallName
  readonly args: readonly unknown[]
  /** The slot, or one for each repetition, that takes the result. */
  readonly into?: Slot | Each<Slot>
  /** Errnos that are not failures here: `EEXIST`. */
  readonly tolerate?: readonly string[]
  /** Passed over when this slot was filled: the other branch was taken. */
  readonly unless?: Slot
  readonly role?: CloneRole
}

/** The two halves meet here: one waits until the other says so. */
export interface BarrierStep extends Reason {
  readonly is: 'barrier'
  readonly barrier: number
  readonly action: 'wait' | 'signal'
}

/** Work on whole trees and helper programs: a loop of system calls, too long to list. */
export interface ComposedStep extends Reason {
  readonly is: 'composed'
  readonly operation: Operation
  readonly args: readonly (string | number | Template | Slot | Batch | readonly (string | Template)[])[]
  readonly tolerate?: readonly string[]
  /** The slot that is filled when it succeeds. */
  readonly into?: Slot
}

export type Operation =
  /** Runs a program and waits for it: fork, execve, wait4. Fails with ECANCELED unless it exits with 0. */
  | 'spawn'
  /**
   * A program of the caller's, with a time limit: path, argv, envp, standard input, standard output and error, and
   * milliseconds (0: for ever). Fails with ECANCELED unless it exits with 0, with ETIMEDOUT when it was ended.
   */
  | 'hook'
  /** Removes a directory and all below it, without following symlinks or crossing mounts. */
  | 'remove_tree'
  /** Kills what is left in a cgroup and removes it and its children. */
  | 'remove_cgroup'
  /** Copies what lies below one directory into another: files, links, modes, owners. */
  | 'copy_tree'
  /** Sends a batch of messages to a netlink socket and reads the answer: the first error, if there is one. */
  | 'netlink'
  /** A child keeps a descriptor open for a moment when we end, where closing it would make us wait. */
  | 'linger'
  /**
   * A program that stays beside the container and is killed with whoever started it: argv, the descriptor to write to
   * (its number 3) when it is ready, standard output and error, the folder to start in. Fills its slot with a pidfd;
   * fails with ECANCELED when it ends before it is ready.
   */
  | 'companion'

/** A step that somebody left out, to see what breaks. Its slots stay empty, so what needs them is passed over too. */
export interface SkippedStep extends Reason {
  readonly is: 'skipped'
  readonly instead: Step
}

export type Step = CallStep | BarrierStep | ComposedStep | SkippedStep

export interface Plan {
  readonly host: readonly Step[]
  readonly container: readonly Step[]
  readonly cleanup: readonly Step[]
}

export const slot = (name: string): Slot => ({ slot: name })

/** The slots every plan starts with: the container, and the container's end of the socket between the halves. */
export const PID = slot('pid')
export const CHANNEL = slot('channel')
/** The address of the page in which a failed container leaves the step and its errno. */
export const VERDICT = slot('verdict')
/** The pipe at which a container waits to be started, where it does: a failed one closes it. */
export const START = slot('start')

/** `text` with one slot's number inside: template('/proc/', PID, '/uid_map'). */
export const template = (before: string, inside: Slot, after: string): Template => ({
  before,
  slot: inside,
  after,
})

export const each = <T>(values: readonly T[]): Each<T> => ({ each: values })
export const isEach = (value: unknown): value is Each<unknown> =>
  typeof value === 'object' && value !== null && 'each' in value

export const struct = (name: AnyStruct['struct'], fields: AnyStruct['fields']): AnyStruct => ({
  struct: name,
  fields,
})

type OrEach<T extends readonly unknown[]> = { [K in keyof T]: T[K] | Each<T[K]> }

type CallOptions = Reason & Pick<CallStep, 'into' | 'tolerate' | 'unless' | 'role'>

/** A system call as a step, its arguments typed by the syscall table. */
export function call<Name extends SyscallName>(
  name: Name,
  args: OrEach<ArgumentsOf<Name>>,
  options: CallOptions,
): CallStep {
  return { is: 'call', call: name, args, ...options }
}

export const barrier = (number: number, action: 'wait' | 'signal', why: string): BarrierStep => ({
  is: 'barrier',
  barrier: number,
  action,
  why,
})

export const composed = (
  operation: Operation,
  args: ComposedStep['args'],
  options: Reason & Pick<ComposedStep, 'tolerate' | 'into'>,
): ComposedStep => ({ is: 'composed', operation, args, ...options })

/** A step by its number, or all that make a system call: `pivot_root`. */
export type Skip = number | SyscallName

/** The plan with some steps left out; the others keep their numbers. */
export function skipSteps(plan: Plan, skipped: readonly Skip[]): Plan {
  if (skipped.length === 0) return plan
  let number = 0
  const leaveOut = (step: Step): Step => {
    number++
    const isSkipped = skipped.includes(number) || (step.is === 'call' && skipped.includes(step.call))
    return isSkipped ? { is: 'skipped', instead: step, why: step.why } : step
  }
  return {
    host: plan.host.map(leaveOut),
    container: plan.container.map(leaveOut),
    cleanup: plan.cleanup.map(leaveOut),
  }
}
