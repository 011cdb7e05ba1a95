/** `tinyctr plan`: what `run` with the same flags would do, printed. */

import { parseCount } from '../../engine/config/integer.ts'
import { containerPlan } from '../../engine/container-plan.ts'
import { UsageError } from '../../errors.ts'
import { planToJson, printPlan, printStepInFull } from '../../plan/print.ts'
import { skipSteps } from '../../plan/step.ts'
import { defineCommand } from '../command.ts'
import type { FlagTable } from '../flag.ts'
import type { Invocation } from '../invocation.ts'
import { print, printError } from '../screen/output.ts'
import { prepareRun } from './prepare-run.ts'
import { laterRunFlags, runFlags } from './run-flags.ts'

const planFlags = {
  ...runFlags,
  json: { takes: 'nothing', help: 'Print the plan as JSON' },
  step: {
    takes: 'one',
    value: 'N',
    parse: parseCount,
    help: 'Print step N only, with all that is known of it',
  },
} as const satisfies FlagTable

export const plan = defineCommand({
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  summary: 'Print the system calls that would make the container',
  flags: planFlags,
  laterFlags: laterRunFlags,
  flagsFirst: true,
  least: 1,
  execute: printWanted,
})

async function printWanted({
  flags: { step, json, ...flags },
  ...rest
}: Invocation<typeof planFlags>): Promise<number> {
  const { input, lab, warning } = await prepareRun({ ...rest, flags })
  if (warning !== undefined) printError(warning)
  const whole = skipSteps(containerPlan(input), lab.skip)
  if (step !== undefined) {
    const text = printStepInFull(whole, step)
    if (text === undefined) throw new UsageError(`the plan has no step ${step}`)
    print(text)
  } else {
    print(json ? JSON.stringify(planToJson(whole), undefined, 2) : printPlan(whole).trimEnd())
  }
  return 0
}
