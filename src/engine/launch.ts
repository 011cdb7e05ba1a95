/** Gives a container's plan to an executor. Nothing after this is JavaScript, unless a step fails. */

import type { Watch } from '../linux/execute-ffi/watch.ts'
import { executeNative } from '../linux/execute-native.ts'
import type { ContainerPlanInput } from './container-plan.ts'
import { makeSources } from './missing-sources.ts'
import { ownCommand } from './own-command.ts'
import { cachedPlan } from './plan-cache.ts'
import type { LabOptions } from './run-options.ts'

export interface Launch {
  readonly input: ContainerPlanInput
  /** Asked only when the plan is not cached: the filter is part of it. */
  readonly seccompFilter?: () => Promise<Uint8Array>
  /** Folders to make on the host before anything starts. */
  readonly missingSources?: readonly string[]
  readonly terminal: boolean
  readonly interactive: boolean
  readonly lab: LabOptions
  /** The plan may be cached: it holds nothing that must not outlive the container, such as variables with secrets. */
  readonly cacheable: boolean
  /** Looks on while the plan is walked (--step). */
  readonly watch?: Watch
}

/** Does not return with the native executor; with the other, returns the exit code. */
export async function launch(asked: Launch): Promise<number> {
  const { input, terminal, interactive, lab } = asked
  makeSources(asked.missingSources ?? [])
  if (lab.executor === 'ffi') return launchWithFfi(asked)
  const explain = {
    argv: ownCommand('explain-failure'),
    envp: explainEnvironment(),
    source: JSON.stringify({ input, skip: lab.skip }),
  }
  const [root, id] = splitLast(input.stateFolder)
  const madeFrom = JSON.stringify([terminal, interactive, explain])
  const make = async () => (await import('./encoded-plan.ts')).encodedPlan(asked, explain)
  return executeNative(asked.cacheable ? await cachedPlan(root, id, madeFrom, make) : await make())
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

function splitLast(path: string): [folder: string, name: string] {
  const slash = path.lastIndexOf('/')
  return [path.slice(0, slash), path.slice(slash + 1)]
}

const KEPT = ['PATH', 'HOME', 'TERM', 'NO_COLOR', 'LANG', 'XDG_RUNTIME_DIR', 'XDG_DATA_HOME'] as const

const explainEnvironment = (): string[] => {
  const kept: string[] = []
  for (const name of KEPT) if (process.env[name] !== undefined) kept.push(`${name}=${process.env[name]}`)
  return kept
}
