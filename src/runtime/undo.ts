/** The clean-up half of a plan, after one of its steps failed: for what had been made by then. */
import { AT, NETLINK, P, W } from '../linux/abi/flags.ts'
import { isSlot } from '../linux/abi/kinds.ts'
import type { Batch } from '../linux/abi/netlink/messages.ts'
import { attempt } from '../linux/call.ts'
import { removeCgroup, removeTree } from '../linux/remove.ts'
import { numberSteps } from '../plan/print.ts'
import { repetition, repetitionsOf } from '../plan/repetition.ts'
import { type CallStep, type ComposedStep, isEach, type Plan } from '../plan/step.ts'

const SIGKILL = 9

/** The failed half, a child of ours which waited to be looked at, and whoever else we have. @param pid 0: there is none */
export function endFailed(pid: number): void {
  if (pid <= 0) return
  attempt('kill', [pid, SIGKILL])
  while (attempt('waitid', [P.ALL, 0, null, W.EXITED | W.__WALL, null]) === 0);
}

export async function undo(plan: Plan, failed: number): Promise<void> {
  const made = slotsFilledBefore(plan, failed)
  for (const step of plan.cleanup) {
    if (step.is === 'call' && step.call === 'unlinkat') removeFiles(step)
    if (step.is !== 'composed') continue
    if (step.args.every((argument) => !isSlot(argument) || made.has(argument.slot))) await perform(step)
  }
}

function removeFiles(step: CallStep): void {
  for (let i = 0; i < repetitionsOf(step); i++)
    attempt('unlinkat', [AT.FDCWD, repetition(step.args[1], i) as string, 0])
}

async function perform({ operation, args }: ComposedStep): Promise<void> {
  const target = args[0]
  if (operation === 'spawn') await runProgram(target as string[])
  else if (operation === 'netlink') await sendNetlink(args[1] as Batch)
  else if (operation === 'remove_cgroup') removeCgroup(target as string)
  else if (operation === 'remove_tree') removeTree(target as string)
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
