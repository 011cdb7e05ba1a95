/** Why a program did not start in a container, with docker's exit codes. */
import { printStepFailure } from '../../linux/step-failure.ts'
import { type ExecInput, execConfig, execPlan } from '../../runtime/exec-plan.ts'
import { endFailed } from '../../runtime/undo.ts'

export type ExecPlanSource = ExecInput

export function explainFailedExec(
  input: ExecPlanSource,
  failed: { step: number; errno: number; pid: number; words: string },
): { text: string; exitCode: number } {
  const { step, errno, pid, words } = failed
  const told = printStepFailure({
    plan: execPlan(input),
    step,
    errno,
    config: execConfig(input),
    words,
    ...(pid > 0 ? { container: { pid } } : {}),
  })
  endFailed(pid)
  return told
}
