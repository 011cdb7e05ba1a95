/** Walks one half of a plan. Its order, its slots and its failures are those of native/executor.c. */

import type { Half, NumberedStep } from '../../plan/print.ts'
import { repetition, repetitionsOf } from '../../plan/repetition.ts'
import type { CallStep, CloneRole, Step } from '../../plan/step.ts'
import { E, errnoNumber } from '../abi/errno.ts'
import { PR } from '../abi/flags.ts'
import type { ArgumentsOf } from '../abi/syscalls.ts'
import { attempt } from '../call.ts'
import { receive } from './channel.ts'
import { type Execution, fillIn, WORD } from './execution.ts'
import { StepFailure } from './failure.ts'
import { exit, fork, sleepForEver } from './fork.ts'
import { serveAsInit } from './init.ts'
import { perform } from './operations.ts'
import { awaitTurn, giveTurn } from './turn.ts'
import type { Outcome } from './watch.ts'

const SIGKILL = 9
const FAILED = 125

/** @returns false when whoever watches had enough @throws StepFailure */
export function runHalf(execution: Execution, half: Half): boolean {
  const { watch, memory } = execution
  execution.half = half
  for (const numbered of execution.steps.filter((one) => one.half === half)) {
    if (half === 'container') memory[WORD.CURRENT] = numbered.number
    const decision = watch?.before(numbered) ?? 'run'
    if (decision === 'quit') return false
    if (decision === 'skip') continue
    const outcomes = runStep(execution, numbered.step)
    watch?.after(numbered, outcomes)
    const wrong = outcomes.findLastIndex((one) => one.failed && !one.tolerated)
    if (wrong >= 0 && half !== 'cleanup') throw failureOf(numbered, outcomes, wrong)
    // The last step of the container is execve: whoever is still here did not find its program.
    if (half === 'container' && numbered === execution.steps.findLast((one) => one.half === half))
      throw failureOf(numbered, outcomes, preferred(outcomes))
  }
  return true
}

/** execvp(3): a program that was found but may not be run is the better reason. */
function preferred(outcomes: readonly Outcome[]): number {
  const denied = outcomes.findIndex((one) => one.result === -E.ACCES)
  return denied >= 0 ? denied : outcomes.length - 1
}

const failureOf = ({ number }: NumberedStep, outcomes: readonly Outcome[], i: number): StepFailure =>
  new StepFailure(number, -(outcomes[i]?.result ?? 0), Math.max(i, 0), undefined)

function runStep(execution: Execution, step: Step): Outcome[] {
  switch (step.is) {
    case 'skipped':
      return []
    case 'call':
      return runCall(execution, step)
    case 'composed': {
      const args = step.args.map((argument) => fillIn(execution.slots, argument))
      if (args.includes(undefined)) return [NOT_MADE]
      const result = perform(step.operation, args)
      if (step.into && result >= 0) execution.slots.set(step.into.slot, result)
      return [outcome(step, result)]
    }
    case 'barrier':
      meet(execution, step.action, step.barrier)
      return [outcome(step, 0)]
  }
}

const NOT_MADE: Outcome = { result: undefined, failed: false, tolerated: false }

function outcome(step: Step, result: number): Outcome {
  const failed = result < 0 && result >= -4095
  const tolerate = (step.is === 'call' || step.is === 'composed' ? step.tolerate : undefined) ?? []
  return { result, failed, tolerated: failed && tolerate.some((name) => errnoNumber(name) === -result) }
}

function runCall(execution: Execution, step: CallStep): Outcome[] {
  const { slots } = execution
  const outcomes: Outcome[] = []
  const repetitions = repetitionsOf(step)
  for (let i = 0; i < repetitions; i++) {
    const into = repetition(step.into, i)
    const args = step.args.map((argument) => fillIn(slots, repetition(argument, i)))
    if ((step.unless && slots.has(step.unless.slot)) || args.includes(undefined)) {
      outcomes.push(NOT_MADE)
      continue
    }
    const result = makeCall(step, args)
    if (into && result >= 0) slots.set(into.slot, result)
    else if (into) slots.delete(into.slot)
    if (step.role) partWays(execution, step.role, result)
    const one = outcome(step, result)
    outcomes.push(one)
    if (one.failed && !one.tolerated) break
  }
  return outcomes
}

function makeCall(step: CallStep, args: readonly unknown[]): number {
  if (step.role) return fork(step.call, args)
  for (;;) {
    const result = attempt(step.call, args as ArgumentsOf<typeof step.call>)
    // A close that was interrupted has closed (close(2)).
    if (result !== -E.INTR || step.call === 'close') return result
  }
}

/** After a clone3 that starts somebody: who goes on, and with what. */
function partWays(execution: Execution, role: CloneRole, result: number): void {
  const { channel, memory } = execution
  if (role === 'container' && result === 0) becomeContainer(execution)
  if (role === 'holder' && result === 0) {
    attempt('prctl', [PR.SET_PDEATHSIG, SIGKILL, 0, 0, 0])
    sleepForEver()
  }
  if (role === 'relay' && result > 0) {
    memory[WORD.PID] = result
    exit(0)
  }
  if (role === 'init' && result > 0) {
    attempt('close', [channel.container])
    serveAsInit(result)
  }
  if (role === 'container') attempt('close', [channel.container])
}

/** In the child. Nothing it throws may reach the frames above: they are the parent's. */
function becomeContainer(execution: Execution): never {
  const { channel, memory, watch } = execution
  try {
    attempt('close', [channel.parent])
    if (watch) attempt('prctl', [PR.SET_PDEATHSIG, SIGKILL, 0, 0, 0])
    if (watch) awaitTurn(execution, 'container')
    runHalf(execution, 'container')
    memory[WORD.QUIT] = 1
  } catch (error) {
    if (error instanceof StepFailure) waitToBeLookedAt(execution, error)
    attempt('write', [2, `tinyctr: ${error instanceof Error ? error.stack : error}\n`])
  }
  exit(FAILED)
}

/** Through /proc/PID/root; the parent ends us, and we end with it. */
function waitToBeLookedAt({ channel, memory }: Execution, failure: StepFailure): never {
  attempt('prctl', [PR.SET_PDEATHSIG, SIGKILL, 0, 0, 0])
  memory[WORD.ERRNO] = failure.errno
  memory[WORD.REPETITION] = failure.repetition
  memory[WORD.STEP] = failure.step
  attempt('close', [channel.container])
  sleepForEver()
}

/** A barrier. The other half's end is no error here: its failure is told at the end. */
function meet(execution: Execution, action: 'wait' | 'signal', number: number): void {
  const { channel, half } = execution
  const fd = half === 'host' ? channel.parent : channel.container
  if (action === 'signal') {
    attempt('sendto', [fd, new Uint8Array([number]), 0, null, 0])
    if (half === 'container') giveTurn(execution, 'host')
    return
  }
  if (half === 'host') giveTurn(execution, 'container')
  for (;;) {
    const message = receive(fd, true)
    if (message?.terminal !== undefined) execution.terminal = message.terminal
    if (message?.byte === number) return
    if (message?.byte !== 0) continue
    if (half === 'container') exit(FAILED)
    return
  }
}
