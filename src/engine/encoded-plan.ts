/** A container's plan from its input to the executor's bytes: what a start does when its plan is not cached. */
import { encodePlan } from '../plan/encode.ts'
import { skipSteps } from '../plan/step.ts'
import { containerPlan } from './container-plan.ts'
import type { Launch } from './launch.ts'

export async function encodedPlan(
  { input, seccompFilter, terminal, interactive, lab }: Launch,
  explain: Parameters<typeof encodePlan>[1]['explain'],
): Promise<Uint8Array> {
  const plan = skipSteps(containerPlan(input, await seccompFilter?.()), lab.skip)
  return encodePlan(plan, {
    architecture: input.host.architecture,
    terminal,
    interactive,
    explain,
    ...(input.monitor ? { monitor: input.monitor } : {}),
    ...(input.pipes ? { pipes: input.pipes } : {}),
  })
}
