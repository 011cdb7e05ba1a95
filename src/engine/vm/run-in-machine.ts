/**
 * `tinyctr run --isolation vm`: the container's plan in a kernel of its own. The machine's kernel is booted directly,
 * its root is the image, shared read-only, with a writable layer in the machine's memory; the native executor runs the
 * plan there as it would here.
 */
import { EXECUTOR_BASE64 } from '../../../build/native/executor.ts'
import { GUEST_BASE64 } from '../../../build/native/guest.ts'
import { TIOC } from '../../linux/abi/flags.ts'
import { attempt } from '../../linux/call.ts'
import { removeTree } from '../../linux/remove.ts'
import { printStepFailure } from '../../linux/step-failure.ts'
import { skipSteps } from '../../plan/step.ts'
import { containerPlan } from '../container-plan.ts'
import { encodedPlan } from '../encoded-plan.ts'
import { type Launch, requireTerminal } from '../launch.ts'
import { bootMachine } from './boot.ts'
import { requireHypervisor } from './choose.ts'
import { converse } from './conversation.ts'
import { guestLaunch } from './guest-launch.ts'
import type { HypervisorKind } from './machine.ts'

const DEFAULT_MEMORY_MIB = 512
const KERNEL_MIB = 64
const MIB = 2 ** 20

/**
 * Needs a process that may clone itself (becomeSingleThreaded).
 * @param wanted which kind of machine; otherwise the fastest that this host can have
 * @returns the container's exit code
 */
export async function runInMachine(asked: Launch, wanted?: HypervisorKind): Promise<number> {
  const hypervisor = requireHypervisor('run in a virtual machine', wanted)
  if (asked.terminal && asked.interactive) requireTerminal()
  const terminal = asked.terminal && isTerminal(0)
  const { launch, shares, lower } = guestLaunch(asked, hypervisor)
  const plan = await encodedPlan(launch, { argv: ['/boot/explain'], envp: [], source: '' })
  const folder = `${asked.folders[0]}/vm-${process.pid}`
  if (isTerminal(2))
    process.stderr.write(`tinyctr: booting Linux ${hypervisor.release} (${hypervisor.title})\n`)
  try {
    const machine = bootMachine(
      {
        folder,
        lower,
        shares,
        files: {
          plan,
          executor: Buffer.from(EXECUTOR_BASE64, 'base64'),
          explain: Buffer.from(GUEST_BASE64, 'base64'),
        },
        program: ['/boot/executor', '3'],
        terminal,
        memoryMiB: memoryOf(asked),
      },
      hypervisor,
    )
    const ending = await converse(machine, {
      input: asked.input.stdin === undefined && (!terminal || asked.interactive),
      terminal,
    })
    if (ending.signal !== undefined) return 128 + ending.signal
    if (ending.failure) return explain(ending.failure, launch)
    if (ending.exitCode === undefined)
      throw new Error(`Cannot run in a virtual machine: it ended early\n${machine.log()}`)
    return ending.exitCode
  } finally {
    removeTree(folder)
  }
}

/** The limit is the container's; the kernel around it needs some of its own. */
function memoryOf({ input }: Launch): number {
  const limit = input.config.linux?.resources?.memory?.limit
  return limit === undefined ? DEFAULT_MEMORY_MIB : Math.ceil(limit / MIB) + KERNEL_MIB
}

const isTerminal = (fd: number): boolean => attempt('ioctl', [fd, TIOC.GWINSZ, new Uint8Array(8)]) === 0

function explain([step, errno]: readonly [number, number], { input, lab }: Launch): number {
  const plan = skipSteps(containerPlan(input), lab.skip)
  const { text, exitCode } = printStepFailure({ plan, step, errno, config: input.config })
  process.stderr.write(text)
  return exitCode
}
