/**
 * Why a container did not start. The native executor has started us in its own place; the failed child still waits, so
 * that its root can be looked at. We explain, end it, clean up, and leave with the right exit code.
 */

import { call } from '../linux/call.ts'
import { readAll } from '../linux/file.ts'
import { printStepFailure } from '../linux/step-failure.ts'
import { numberSteps } from '../plan/print.ts'
import { type Plan, type Skip, skipSteps } from '../plan/step.ts'
import { HEADER } from '../plan/wire.ts'
import type { FailureSource } from '../runtime/explain-create.ts'
import { endFailed, undo } from '../runtime/undo.ts'
import type { ExecPlanSource } from './container/exec-failure.ts'
import { type ContainerPlanInput, containerPlan } from './container-plan.ts'

export interface Failure {
  readonly planFd: number
  readonly step: number
  readonly errno: number
  /** 0: there was no child yet. */
  readonly pid: number
  /** What the kernel said, where it says something. */
  readonly words: string
}

/** @returns the text to print and the exit code; the host is clean by then */
export async function explainFailure({
  planFd,
  step,
  errno,
  pid,
  words,
}: Failure): Promise<{ text: string; exitCode: number }> {
  const source = readSource(planFd)
  if ('report' in source) {
    const failed = { step, errno, pid, words }
    const runtime = await import('../runtime/explain-create.ts')
    return 'created' in source
      ? runtime.explainFailedCreate(source.created, source.report, failed)
      : runtime.explainFailedExec(source.executed, source.report, failed)
  }
  if ('executed' in source) {
    return (await import('./container/exec-failure.ts')).explainFailedExec(source.executed, {
      step,
      errno,
      pid,
      words,
    })
  }
  const { input, skip } = source
  const plan = skipSteps(containerPlan(input), skip)
  let told: { text: string; exitCode: number } | undefined
  try {
    told = printStepFailure({
      plan,
      step,
      errno,
      config: input.config,
      words,
      ...(pid > 0 ? { container: { pid } } : {}),
      ...(await whoHasThePort(plan, step, errno, input)),
    })
    return told
  } finally {
    endFailed(pid)
    await undo(plan, step)
    if (told && input.record?.keep)
      (await import('./container/failed-start.ts')).writeDownFailure(input, told)
  }
}

async function whoHasThePort(
  plan: Plan,
  step: number,
  errno: number,
  { network, stateFolder }: ContainerPlanInput,
): Promise<{ means?: string }> {
  if (!network || numberSteps(plan)[step - 1]?.step.at !== '--publish') return {}
  const { portIsTaken } = await import('./network/port-holder.ts')
  const means = portIsTaken(errno, stateFolder, network.state)
  return means === undefined ? {} : { means }
}

/** What the plan was compiled from travels with it. */
function readSource(
  fd: number,
): { input: ContainerPlanInput; skip: Skip[] } | FailureSource | { executed: ExecPlanSource } {
  call('lseek', [fd, 0, 0])
  const image = readAll(fd)
  const view = new DataView(image.buffer, image.byteOffset)
  const field = (name: (typeof HEADER)[number]): number => view.getUint32(HEADER.indexOf(name) * 4, true)
  const source = image.subarray(field('source'), field('source') + field('source_size'))
  return JSON.parse(new TextDecoder().decode(source))
}
