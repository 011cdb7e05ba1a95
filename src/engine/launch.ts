/** Gives a container's plan to an executor. Nothing after this is JavaScript, unless a step fails. */
import { executeNative } from '../linux/execute-native.ts'
import { encodePlan } from '../plan/encode.ts'
import { skipSteps } from '../plan/step.ts'
import { type ContainerPlanInput, containerPlan } from './container-plan.ts'
import { ownCommand } from './own-command.ts'
import type { LabOptions } from './run-options.ts'

export interface Launch {
  readonly input: ContainerPlanInput
  readonly seccompFilter?: Uint8Array
  readonly terminal: boolean
  readonly interactive: boolean
  readonly lab: LabOptions
}

/** Does not return with the native executor; with the other, returns the exit code. */
export async function launch({ input, seccompFilter, terminal, interactive, lab }: Launch): Promise<number> {
  const plan = skipSteps(containerPlan(input, seccompFilter), lab.skip)
  if (lab.executor === 'ffi') {
    const { executeWithFfi } = await import('../linux/execute-ffi.ts')
    return executeWithFfi(plan, { step: lab.step, skip: lab.skip, terminal, interactive })
  }
  const bytes = encodePlan(plan, {
    architecture: input.host.architecture,
    terminal,
    interactive,
    explain: {
      argv: ownCommand('explain-failure'),
      envp: explainEnvironment(),
      source: JSON.stringify({ input, skip: lab.skip }),
    },
  })
  return executeNative(bytes)
}

const KEPT = ['PATH', 'HOME', 'TERM', 'NO_COLOR', 'LANG', 'XDG_RUNTIME_DIR', 'XDG_DATA_HOME'] as const

const explainEnvironment = (): string[] => {
  const kept: string[] = []
  for (const name of KEPT) if (process.env[name] !== undefined) kept.push(`${name}=${process.env[name]}`)
  return kept
}
