/** Why a container did not come to be, or not to run: from the step that failed, while it can still be looked at. */
import { printStepFailure } from '../linux/step-failure.ts'
import { numberSteps } from '../plan/print.ts'
import type { Plan } from '../plan/step.ts'
import { type CreateInput, createPlan, hookStateOf } from './create-plan.ts'
import { type ReportTo, report } from './error-log.ts'
import { readHookFailure } from './hook-failure.ts'
import { endFailed, undo } from './undo.ts'

/** What travels with a plan of the runtime. */
export interface FailureSource {
  readonly created: CreateInput
  readonly report: ReportTo
}

export interface FailedStep {
  readonly step: number
  readonly errno: number
  /** 0: there is no process to look at. */
  readonly pid: number
  /** What the kernel said, where it says something. */
  readonly words?: string
}

/** `create` or `run` failed: says why, and leaves nothing behind. */
export async function explainFailedCreate(
  { created, report: to }: FailureSource,
  failed: FailedStep,
): Promise<{ text: string; exitCode: number }> {
  const { config, state } = created
  // What failed leaves nothing to keep.
  const plan = createPlan({ ...created, keep: false })
  const lines = [explain(created, plan, failed, 'self')]
  endFailed(failed.pid)
  await undo(plan, failed.step)
  if (config.hooks?.poststop?.length) {
    const { runHooks } = await import('./hooks.ts')
    lines.push(...runHooks(config, 'poststop', hookStateOf(state), 'stopped'))
  }
  const text = lines.join('\n')
  report(to, text)
  return { text, exitCode: 1 }
}

/** @param output which process has what hooks said open: `self` or a pid */
export function explain(input: CreateInput, plan: Plan, failed: FailedStep, output: string): string {
  const hook = readHookFailure(plan, failed.step, failed.errno, output)
  if (hook !== undefined) return `tinyctr: ${hook}`
  return printStepFailure({
    plan,
    step: programStep(plan, failed.step),
    errno: failed.errno,
    config: input.config,
    rootfs: input.state.rootfs,
    words: failed.words ?? '',
    ...(failed.pid > 0 ? { container: { pid: failed.pid } } : {}),
  }).text.trimEnd()
}

/** The look-up of the program fails for the reasons for which execve(2) would. */
function programStep(plan: Plan, failed: number): number {
  const steps = numberSteps(plan)
  const step = steps[failed - 1]?.step
  if (step?.is !== 'call' || step.call !== 'faccessat2' || step.at !== '/process/args') return failed
  return steps.findLast((one) => one.step.is === 'call' && one.step.call === 'execve')?.number ?? failed
}
