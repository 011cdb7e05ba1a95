/** A lesson in a kernel of its own: a machine with the host's files plays it, and tells each step as a line of JSON. */

import { bootMachine } from '../engine/vm/boot.ts'
import { requireUml } from '../engine/vm/machine.ts'
import { O } from '../linux/abi/arch.ts'
import { AT } from '../linux/abi/flags.ts'
import { attempt, call } from '../linux/call.ts'
import { removeTree } from '../linux/remove.ts'
import { ownCommand } from '../runtime/own-command.ts'
import type { StepReport } from './play.ts'
import { makeScratch } from './stage/scratch.ts'

const MEMORY_MIB = 1024

/** The host's tree, with a tmpfs over it; there the same program plays the same lesson, as root. */
const job = (command: readonly string[]): string => `
b=/boot/busybox
$b mkdir /writable/upper /writable/work /writable/root
$b mount -t overlay -o lowerdir=/lower,upperdir=/writable/upper,workdir=/writable/work overlay /writable/root
for folder in proc sys dev; do $b mount -o rbind /$folder /writable/root/$folder; done
$b mount -t tmpfs -o mode=755 tmpfs /writable/root/run
$b stty raw -echo </dev/tty1
$b chroot /writable/root ${command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')} >/dev/tty1 2>/dev/tty2
`

export function* playInMachine(
  lesson: string,
  skip: readonly number[],
  busybox: string,
): Generator<StepReport> {
  const kernel = requireUml(`play the lesson "${lesson}"`)
  const folder = makeScratch()
  const ends = new Uint8Array(8)
  call('pipe2', [ends, O.CLOEXEC])
  const [reading, writing] = new Int32Array(ends.buffer) as unknown as [number, number]
  const nothing = call('openat', [AT.FDCWD, '/dev/null', O.RDWR | O.CLOEXEC, 0])
  const command = ownCommand('lab')
  const machine = bootMachine(
    {
      folder,
      busybox,
      lower: ['/'],
      withMounts: true,
      shares: [],
      files: { job: job([...command, '--stream', ...skip.flatMap((n) => ['--skip', String(n)]), lesson]) },
      memoryMiB: MEMORY_MIB,
      console: { input: nothing, output: writing, error: writing },
    },
    kernel,
  )
  call('close', [writing])
  try {
    let other = ''
    let steps = 0
    for (const line of linesOf(reading)) {
      if (line.startsWith('{"step"')) {
        steps++
        yield JSON.parse(line) as StepReport
      } else other += `${line}\n`
    }
    if (steps === 0) throw new Error(`Cannot play the lesson in a machine: ${other}${machine.log()}`)
  } finally {
    machine.kill()
    machine.ended(true)
    for (const fd of [reading, nothing]) attempt('close', [fd])
    removeTree(folder)
  }
}

function* linesOf(fd: number): Generator<string> {
  const buffer = new Uint8Array(64 * 1024)
  const decoder = new TextDecoder()
  let rest = ''
  for (let got = call('read', [fd, buffer]); got > 0; got = call('read', [fd, buffer])) {
    const lines = (rest + decoder.decode(buffer.subarray(0, got))).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}
