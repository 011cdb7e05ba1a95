/** `tinyctr plan`: what `run` with the same flags would do, printed. */
import { containerPlan } from '../engine/container-plan.ts'
import { UsageError } from '../errors.ts'
import { planToJson, printPlan, printStepInFull } from '../plan/print.ts'
import { skipSteps } from '../plan/step.ts'
import type { planFlags } from './commands.ts'
import type { Invocation } from './invocation.ts'
import { print } from './output.ts'
import { prepareRun } from './prepare-run.ts'

export async function plan({
  flags: { step, json, ...flags },
  ...rest
}: Invocation<typeof planFlags>): Promise<number> {
  const { input, seccompFilter, lab } = await prepareRun({ ...rest, flags })
  const whole = skipSteps(containerPlan(input, await seccompFilter?.()), lab.skip)
  if (step !== undefined) {
    const text = printStepInFull(whole, step)
    if (text === undefined) throw new UsageError(`the plan has no step ${step}`)
    print(text)
  } else {
    print(json ? JSON.stringify(planToJson(whole), undefined, 2) : printPlan(whole).trimEnd())
  }
  return 0
}
