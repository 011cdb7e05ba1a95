/**
 * `tinyctr run --isolation vm`: the container's plan in a kernel of its own. The machine's kernel is booted directly,
 * its root is the image, shared read-only, with a writable layer in the machine's memory; the native executor runs the
 * plan there as it would here.
 */
import { EXECUTOR_BASE64 } from '../../../build/native/executor.ts'
import { UsageError } from '../../errors.ts'
import { O } from '../../linux/abi/arch.ts'
import { AT, TIOC } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { eventLoop, poll } from '../../linux/execute-ffi/poll.ts'
import { collectSignals } from '../../linux/execute-ffi/signals.ts'
import { makeFolder, writeAll } from '../../linux/file.ts'
import { removeTree } from '../../linux/remove.ts'
import { printStepFailure } from '../../linux/step-failure.ts'
import { skipSteps } from '../../plan/step.ts'
import { containerPlan } from '../container-plan.ts'
import { encodedPlan } from '../encoded-plan.ts'
import { builtInImage } from '../image/fixture.ts'
import type { Launch } from '../launch.ts'
import { bootMachine, type Machine } from './boot.ts'
import { guestLaunch } from './guest-launch.ts'
import { requireUml } from './machine.ts'

const DEFAULT_MEMORY_MIB = 512
const MIB = 2 ** 20
const KERNEL = [6, 1] as const
const FAILED = 125
const POLL_MILLISECONDS = 5

/** The executor says which step failed; this host explains it. */
const EXPLAIN = `#!/boot/busybox sh
echo "$2 $3" >/result/failure
exit ${FAILED}
`

/** A pipe has an end, and a serial line has none: what comes in is lines of base64, and a dot. */
const UNPACK = 'while read -r line && [ "$line" != . ]; do echo "$line" | $b base64 -d; done <&4'

const jobFor = (terminal: boolean, input: boolean): string => `
b=/boot/busybox
$b cp /boot/plan /run/plan
$b stty raw -echo </dev/tty2
run() { exec /boot/executor 3 3</run/plan; }
${
  terminal
    ? '$b setsid $b sh -c "exec /boot/executor 3 3</run/plan </dev/tty1 >/dev/tty1 2>&1"'
    : `exec 4</dev/tty1
$b stty raw -echo <&4
echo >/result/ready
${input ? `${UNPACK} | (run)` : '(run) </dev/null'} >/dev/tty1 2>/dev/tty2`
}
echo $? >/result/exit-code
`

/** Needs a process that may clone itself (becomeSingleThreaded). @returns the container's exit code */
export async function runInMachine(asked: Launch, dataRoot: string): Promise<number> {
  const kernel = requireUml('run in a virtual machine')
  const image = await builtInImage(dataRoot)
  if (!image)
    throw new UsageError('Cannot run in a virtual machine: rootfs-fixtures/busybox did not come along')
  const isTerminal = asked.terminal && attempt('ioctl', [0, TIOC.GWINSZ, new Uint8Array(8)]) === 0
  if (asked.terminal && asked.interactive && !isTerminal)
    throw new UsageError('the input device is not a TTY: leave out --tty, or run it from a terminal')
  const takesInput = asked.input.stdin === undefined
  const { launch, shares, lower } = guestLaunch(asked, KERNEL)
  const plan = await encodedPlan(launch, { argv: ['/boot/explain'], envp: [], source: '' })
  const folder = `${asked.folders[0]}/vm-${process.pid}`
  makeFolder(folder)
  const [reading, writing] = takesInput && !isTerminal ? openPipe() : [-1, -1]
  const input =
    reading >= 0 ? reading : isTerminal ? 0 : call('openat', [AT.FDCWD, '/dev/null', O.RDONLY | O.CLOEXEC, 0])
  try {
    const machine = bootMachine(
      {
        folder,
        busybox: `${image.layerDirectories[0]}/bin/busybox`,
        lower,
        shares,
        files: {
          plan,
          executor: Buffer.from(EXECUTOR_BASE64, 'base64'),
          explain: EXPLAIN,
          job: jobFor(isTerminal, takesInput),
        },
        memoryMiB: memoryOf(asked),
        console: { input, output: 1, error: 2 },
      },
      kernel,
    )
    const signal = await untilEnded(machine, writing)
    return signal === undefined ? exitCodeOf(machine, launch) : 128 + signal
  } finally {
    removeTree(folder)
  }
}

/** The limit is the container's; the kernel around it needs some of its own. */
function memoryOf({ input }: Launch): number {
  const limit = input.config.linux?.resources?.memory?.limit
  return limit === undefined ? DEFAULT_MEMORY_MIB : Math.ceil(limit / MIB) + 64
}

function openPipe(): [reading: number, writing: number] {
  const ends = new Uint8Array(8)
  call('pipe2', [ends, O.CLOEXEC])
  return [...new Int32Array(ends.buffer)] as [number, number]
}

const LINE_BYTES = 1536

/** Our standard input, as it comes, into the machine's first line. @returns false at its end */
function feed(writing: number): boolean {
  const bytes = new Uint8Array(LINE_BYTES)
  const got = attempt('read', [0, bytes])
  const line = got > 0 ? Buffer.from(bytes.subarray(0, got)).toString('base64') : '.'
  writeAll(writing, Buffer.from(`${line}\n`))
  return got > 0
}

/** @returns the signal that asked it to end */
async function untilEnded(machine: Machine, writing: number): Promise<number | undefined> {
  const signals = collectSignals()
  let open = writing >= 0
  let ready = false
  try {
    for (;;) {
      if (machine.ended()) return undefined
      const signal = signals.take()
      if (signal !== undefined) {
        machine.kill()
        machine.ended(true)
        return signal
      }
      // What comes before the machine has opened its line would never be announced to it.
      ready ||= open && machine.result('ready') !== undefined
      const [readable] = poll([open && ready ? 0 : -1], POLL_MILLISECONDS)
      if (readable) open = feed(writing)
      await eventLoop()
    }
  } finally {
    signals.stop()
  }
}

async function exitCodeOf(machine: Machine, { input, lab }: Launch): Promise<number> {
  const [step, errno] = machine.result('failure')?.split(' ').map(Number) ?? []
  if (step !== undefined && errno !== undefined) {
    const plan = skipSteps(containerPlan(input), lab.skip)
    const { text, exitCode } = printStepFailure({ plan, step, errno, config: input.config })
    process.stderr.write(text)
    return exitCode
  }
  const code = machine.result('exit-code')
  if (code === undefined) throw new Error(`Cannot run in a virtual machine: it ended early\n${machine.log()}`)
  return Number(code)
}
