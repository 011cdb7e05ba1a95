/** Why a container did not come to be, or not to run: from the step that failed, while it can still be looked at. */
import { printStepFailure } from '../linux/step-failure.ts'
import type { Config } from '../oci/runtime-spec.ts'
import { numberSteps } from '../plan/print.ts'
import type { Plan } from '../plan/step.ts'
import { type CreateInput, createPlan, hookStateOf } from './create-plan.ts'
import { forEngines, type ReportTo, report } from './error-log.ts'
import { type ExecInput, execConfig, execPlan } from './exec-plan.ts'
import { readHookFailure } from './hook-failure.ts'
import { endFailed, undo } from './undo.ts'

/** What travels with a plan of the runtime. */
export type FailureSource = { readonly report: ReportTo } & (
  | { readonly created: CreateInput }
  | { readonly executed: ExecInput }
)

const EXEC_FAILED = 255

/** `exec` failed: there is nothing to undo. */
export function explainFailedExec(
  input: ExecInput,
  to: ReportTo,
  failed: FailedStep,
): { text: string; exitCode: number } {
  const text = explain(execConfig(input), execPlan(input), failed)
  endFailed(failed.pid)
  report(to, text)
  return { text: forEngines(text, to), exitCode: EXEC_FAILED }
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
  created: CreateInput,
  to: ReportTo,
  failed: FailedStep,
): Promise<{ text: string; exitCode: number }> {
  const { config, state } = created
  // What failed leaves nothing to keep.
  const plan = createPlan({ ...created, keep: false })
  const lines = [explainCreate(created, plan, failed, 'self')]
  endFailed(failed.pid)
  await undo(plan, failed.step)
  if (config.hooks?.poststop?.length) {
    const { runHooks } = await import('./hooks.ts')
    lines.push(...runHooks(config, 'poststop', hookStateOf(state), 'stopped'))
  }
  const text = lines.join('\n')
  report(to, text)
  return { text: forEngines(text, to), exitCode: 1 }
}

/** @param output which process has what hooks said open: `self` or a pid */
export function explainCreate(
  { config, state }: CreateInput,
  plan: Plan,
  failed: FailedStep,
  output: string,
): string {
  const hook = readHookFailure(plan, failed.step, failed.errno, output)
  return hook === undefined ? explain(config, plan, failed, state.rootfs) : `tinyctr: ${hook}`
}

function explain(config: Config, plan: Plan, failed: FailedStep, rootfs?: string): string {
  return printStepFailure({
    plan,
    step: programStep(plan, failed.step),
    errno: failed.errno,
    config,
    ...(rootfs === undefined ? {} : { rootfs }),
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
