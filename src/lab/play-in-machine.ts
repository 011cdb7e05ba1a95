/** A lesson in a kernel of its own: a machine with the host's files plays it, and tells each step as a line of JSON. */

import { bootMachine, type Machine } from '../engine/vm/boot.ts'
import { requireHypervisor } from '../engine/vm/choose.ts'
import { listen } from '../engine/vm/frames.ts'
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
$b chroot /writable/root ${command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')}
`

export function* playInMachine(
  lesson: string,
  skip: readonly number[],
  busybox: string,
): Generator<StepReport> {
  const hypervisor = requireHypervisor(`play the lesson "${lesson}"`, 'uml')
  const folder = makeScratch()
  const command = ownCommand('lab')
  const machine = bootMachine(
    {
      folder,
      lower: ['/'],
      withMounts: true,
      shares: [],
      files: {
        busybox: { path: busybox },
        job: job([...command, '--stream', ...skip.flatMap((n) => ['--skip', String(n)]), lesson]),
      },
      program: ['/boot/busybox', 'sh', '/boot/job'],
      terminal: false,
      memoryMiB: MEMORY_MIB,
    },
    hypervisor,
  )
  try {
    let other = ''
    let steps = 0
    for (const line of linesOf(machine)) {
      if (line.startsWith('{"step"')) {
        steps++
        yield JSON.parse(line) as StepReport
      } else other += `${line}\n`
    }
    if (steps === 0) throw new Error(`Cannot play the lesson in a machine: ${other}${machine.log()}`)
  } finally {
    removeTree(folder)
  }
}

function* linesOf(machine: Machine): Generator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for (const { bytes } of listen(machine)) {
    const lines = (rest + decoder.decode(bytes)).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}
