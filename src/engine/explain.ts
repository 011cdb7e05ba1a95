/**
 * Why a container did not start. The native executor has started us in its own place; the failed child still waits, so
 * that its root can be looked at. We explain, end it, clean up, and leave with the right exit code.
 */

import { NETLINK } from '../linux/abi/flags.ts'
import { isSlot } from '../linux/abi/kinds.ts'
import type { Batch } from '../linux/abi/netlink/messages.ts'
import { attempt, call } from '../linux/call.ts'
import { readAll } from '../linux/file.ts'
import { removeCgroup, removeTree } from '../linux/remove.ts'
import { printStepFailure } from '../linux/step-failure.ts'
import { numberSteps } from '../plan/print.ts'
import { isEach, type Plan, skipSteps } from '../plan/step.ts'
import { HEADER } from '../plan/wire.ts'
import { type ContainerPlanInput, containerPlan } from './container-plan.ts'

const SIGKILL = 9
const __WALL = 0x40000000
const P_ALL = 0
const WEXITED = 4

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
  const { input, skip } = readSource(planFd)
  const plan = skipSteps(containerPlan(input), skip)
  try {
    return printStepFailure({
      plan,
      step,
      errno,
      config: input.config,
      words,
      ...(pid > 0 ? { container: { pid } } : {}),
    })
  } finally {
    if (pid > 0) {
      attempt('kill', [pid, SIGKILL])
      while (attempt('waitid', [P_ALL, 0, null, WEXITED | __WALL, null]) === 0);
    }
    await cleanUp(plan, step)
  }
}

/** What the plan was compiled from travels with it. */
function readSource(fd: number): { input: ContainerPlanInput; skip: number[] } {
  call('lseek', [fd, 0, 0])
  const image = readAll(fd)
  const view = new DataView(image.buffer, image.byteOffset)
  const field = (name: (typeof HEADER)[number]): number => view.getUint32(HEADER.indexOf(name) * 4, true)
  const source = image.subarray(field('source'), field('source') + field('source_size'))
  return JSON.parse(new TextDecoder().decode(source))
}

/** The clean-up half, for what had been made when step `failed` failed. */
async function cleanUp(plan: Plan, failed: number): Promise<void> {
  const made = slotsFilledBefore(plan, failed)
  for (const step of plan.cleanup) {
    if (step.is !== 'composed' || step.args.some((argument) => isSlot(argument) && !made.has(argument.slot)))
      continue
    const target = step.args[0]
    if (step.operation === 'spawn') await runProgram(target as string[])
    else if (step.operation === 'netlink') await sendNetlink(step.args[1] as Batch)
    else if (step.operation === 'remove_cgroup') removeCgroup(target as string)
    else removeTree(target as string)
  }
}

function slotsFilledBefore(plan: Plan, failed: number): Set<string> {
  const filled = new Set<string>()
  for (const { number, step } of numberSteps(plan)) {
    if (number >= failed || (step.is !== 'call' && step.is !== 'composed') || step.into === undefined)
      continue
    for (const { slot } of isEach(step.into) ? step.into.each : [step.into]) filled.add(slot)
  }
  return filled
}

/** Takes back what was told to nf_tables; where that is gone, so much the better. */
async function sendNetlink(batch: Batch): Promise<void> {
  const { attemptTransaction } = await import('../linux/netlink.ts')
  attemptTransaction(NETLINK.NETFILTER, batch.netlink)
}

async function runProgram([program = '', ...args]: readonly string[]): Promise<void> {
  const { spawnSync } = await import('node:child_process')
  spawnSync(program, args, { stdio: 'ignore' })
}
