/** Gives a container's plan to an executor. Nothing after this is JavaScript, unless a step fails. */

import type { Watch } from '../linux/execute-ffi/watch.ts'
import { executeNative } from '../linux/execute-native.ts'
import { KEPT_VARIABLES } from '../linux/premises/wire.ts'
import { apart, spoilPremises } from '../linux/premises.ts'
import type { ContainerPlanInput } from './container-plan.ts'
import { makeSources } from './missing-sources.ts'
import { ownCommand } from './own-command.ts'
import { keepStart, type PreparedId } from './prepared-start.ts'
import type { LabOptions } from './run-options.ts'

export interface Launch {
  readonly id: PreparedId
  readonly input: ContainerPlanInput
  readonly seccompFilter?: () => Promise<Uint8Array>
  /** Folders to make on the host before anything starts. */
  readonly missingSources?: readonly string[]
  readonly terminal: boolean
  readonly interactive: boolean
  readonly lab: LabOptions
  /** The start may be kept: its plan holds nothing that must not outlive the container, such as variables with secrets. */
  readonly repeatable: boolean
  /** Looks on while the plan is walked (--step). */
  readonly watch?: Watch
}

/** Does not return with the native executor; with the other, returns the exit code. */
export async function launch(asked: Launch): Promise<number> {
  const { input, lab } = asked
  if (asked.missingSources?.length) {
    makeSources(asked.missingSources)
    spoilPremises()
  }
  if (lab.executor === 'ffi') return launchWithFfi(asked)
  const explain = {
    argv: ownCommand('explain-failure'),
    envp: explainEnvironment(),
    source: JSON.stringify({ input, skip: lab.skip }),
  }
  const { encodedPlan } = await import('./encoded-plan.ts')
  const plan = await apart(() => encodedPlan(asked, explain))
  if (!asked.repeatable) spoilPremises()
  keepStart(parentOf(input.stateFolder), asked.id, plan, input.host.architecture)
  return executeNative(plan)
}

async function launchWithFfi({ input, seccompFilter, interactive, lab, watch }: Launch): Promise<number> {
  const [{ containerPlan }, { skipSteps }, { executeWithFfi }, { printStepFailure }] = await Promise.all([
    import('./container-plan.ts'),
    import('../plan/step.ts'),
    import('../linux/execute-ffi.ts'),
    import('../linux/step-failure.ts'),
  ])
  const plan = skipSteps(containerPlan(input, await seccompFilter?.()), lab.skip)
  return executeWithFfi(plan, {
    interactive,
    ...(watch ? { watch } : {}),
    explain: ({ step, errno, pid }) => {
      const container = pid === undefined ? {} : { container: { pid } }
      const { text, exitCode } = printStepFailure({ plan, step, errno, config: input.config, ...container })
      process.stderr.write(text)
      return exitCode
    },
  })
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'))

const explainEnvironment = (): string[] => {
  const kept: string[] = []
  for (const name of KEPT_VARIABLES)
    if (process.env[name] !== undefined) kept.push(`${name}=${process.env[name]}`)
  return kept
}
