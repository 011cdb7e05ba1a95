/** A plan as people read it: numbered calls in strace form, why each is there and where it comes from. */

import type { Kind } from '../linux/abi/kinds.ts'
import { printArgument, printCall } from '../linux/abi/print-call.ts'
import { SYSCALLS } from '../linux/abi/syscalls.ts'
import { repetition, repetitionsOf } from './repetition.ts'
import { type CallStep, type ComposedStep, isEach, type Plan, type Step } from './step.ts'

export type Half = 'host' | 'container' | 'cleanup'

export interface NumberedStep {
  readonly number: number
  readonly half: Half
  readonly step: Step
}

/** The steps in order, numbered from 1 as errors and `--step` count them. */
export function numberSteps(plan: Plan): NumberedStep[] {
  let number = 0
  const half = (name: Half): NumberedStep[] =>
    plan[name].map((step) => ({ number: ++number, half: name, step }))
  return [...half('host'), ...half('container'), ...half('cleanup')]
}

const TITLES: Record<Half, string> = {
  host: 'host: the parent, in the namespaces of the host',
  container: 'container: the child, from its first instruction to execve',
  cleanup: 'cleanup: the parent, when the container has ended',
}

export function printPlan(plan: Plan): string {
  const lines: string[] = []
  let half: Half | undefined
  for (const one of numberSteps(plan)) {
    if (one.half !== half) {
      half = one.half
      lines.push(`${lines.length > 0 ? '\n' : ''}── ${TITLES[half]} ──`)
    }
    lines.push(...printNumbered(one))
  }
  return `${lines.join('\n')}\n`
}

const NUMBER_WIDTH = 4
const INDENT = ' '.repeat(NUMBER_WIDTH + 1)

function printNumbered({ number, step }: NumberedStep): string[] {
  const at = pointers(step)
  return [
    `${String(number).padStart(NUMBER_WIDTH)} ${printStep(step)}`,
    `${INDENT}  ${step.why}${at ? `  [${at}]` : ''}`,
  ]
}

/** Where a step comes from; many places of one list as the list. */
function pointers(step: Step): string | undefined {
  if (step.at === undefined || typeof step.at === 'string') return step.at
  const unique = [...new Set(step.at)]
  return unique.length === 1
    ? unique[0]
    : (unique[0] as string).slice(0, (unique[0] as string).lastIndexOf('/'))
}

/** One step on one line. */
export function printStep(step: Step): string {
  if (step.is === 'skipped') return `(left out) ${printStep(step.instead)}`
  if (step.is === 'barrier') {
    return step.action === 'wait'
      ? `═══ barrier ${step.barrier}: wait for the other half`
      : `═══ barrier ${step.barrier}: let the other half go on`
  }
  return step.is === 'composed' ? printComposed(step) : printCallStep(step)
}

function printComposed({ operation, args, tolerate, into }: ComposedStep): string {
  const printed = args.map((argument) =>
    Array.isArray(argument)
      ? argument.map((part) => printArgument('path', part)).join(' ')
      : printArgument('path', argument),
  )
  const tolerated = tolerate ? `  (or ${tolerate.join(', ')})` : ''
  return `${operation}(${printed.join(', ')})${into ? ` = $${into.slot}` : ''}${tolerated}`
}

function printCallStep(step: CallStep): string {
  const row = (SYSCALLS[step.call] as readonly unknown[]).slice(2) as (readonly [string, Kind])[]
  const kinds = row.map(([, kind]) => kind).filter((kind) => kind !== 'sizeof' && kind !== 'countof')
  const args = step.args.map((argument, i) =>
    isEach(argument) ? { name: printEach(kinds[i] as Kind, argument.each), value: 0 } : argument,
  )
  const repetitions = repetitionsOf(step)
  const into =
    step.into === undefined
      ? ''
      : ` = ${isEach(step.into) ? printEach('fd', step.into.each) : `$${step.into.slot}`}`
  const tolerate = step.tolerate ? `  (or ${step.tolerate.join(', ')})` : ''
  const unless = step.unless ? `  unless $${step.unless.slot}` : ''
  return `${printCall(step.call, args)}${into}${tolerate}${unless}${repetitions > 1 ? `  ×${repetitions}` : ''}`
}

const LONGEST_EACH = 8

/** The values a repeated argument takes: `{"null", "zero"}`; a value that is the same each time stands alone. */
function printEach(kind: Kind, values: readonly unknown[]): string {
  const printed = values.map((value) => printArgument(kind, value))
  const unique = new Set(printed)
  if (unique.size === 1) return printed[0] as string
  const shown =
    printed.length > LONGEST_EACH ? [...printed.slice(0, LONGEST_EACH - 2), '...', printed.at(-1)] : printed
  return `{${shown.join(', ')}}`
}

/** One repetition of a call step with its slots still as names: what failed, in an error. */
export const printRepetition = (step: CallStep, i: number): string =>
  printCall(
    step.call,
    step.args.map((argument) => repetition(argument, i)),
  )

/** The plan for machines: everything a step has, its call printed and in parts. */
export function planToJson(plan: Plan): unknown {
  return {
    steps: numberSteps(plan).map(({ number, half, step }) => ({
      step: number,
      half,
      is: step.is,
      print: printStep(step),
      why: step.why,
      ...(step.at === undefined ? {} : { at: step.at }),
      ...(step.is === 'call' ? callToJson(step) : {}),
      ...(step.is === 'barrier' ? { barrier: step.barrier, action: step.action } : {}),
      ...(step.is === 'composed' ? { operation: step.operation } : {}),
    })),
  }
}

function callToJson(step: CallStep): object {
  return {
    call: step.call,
    calls: Array.from({ length: repetitionsOf(step) }, (_, i) => printRepetition(step, i)),
    ...(step.into === undefined
      ? {}
      : { into: isEach(step.into) ? step.into.each.map((one) => one.slot) : step.into.slot }),
    ...(step.tolerate ? { tolerate: step.tolerate } : {}),
    ...(step.role ? { role: step.role } : {}),
  }
}

/** One step with all there is to know: every repetition, and where the manual is. */
export function printStepInFull(plan: Plan, number: number): string | undefined {
  const steps = numberSteps(plan)
  const found = steps.find((one) => one.number === number)
  if (!found) return undefined
  const { step, half } = found
  const lines = [`step ${number} of ${steps.length}, ${half}`, `  ${printStep(step)}`, `  why    ${step.why}`]
  const from = step.at === undefined ? [] : typeof step.at === 'string' ? [step.at] : step.at
  if (from.length > 0) lines.push(`  from   ${[...new Set(from)].join(', ')}`)
  if (step.is !== 'call') return lines.join('\n')
  const repetitions = repetitionsOf(step)
  if (repetitions > 1)
    for (let i = 0; i < repetitions; i++) lines.push(`         ${printRepetition(step, i)}`)
  if (step.tolerate) lines.push(`  or     ${step.tolerate.join(', ')} will do`)
  lines.push(`  see    ${step.call}(2)`)
  return lines.join('\n')
}
