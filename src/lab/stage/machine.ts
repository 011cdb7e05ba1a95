/** A virtual machine for a lesson: its shell answers a few questions and it is turned off. */
import { bootMachine } from '../../engine/vm/boot.ts'
import { requireHypervisor } from '../../engine/vm/choose.ts'
import { listen } from '../../engine/vm/frames.ts'
import { LessonError } from '../lesson.ts'
import type { Stage } from '../stage.ts'

const MEMORY_MIB = 128

/** @param script for a shell; `$b` is busybox @returns the lines that it printed */
export function askMachine(stage: Stage, script: string): string[] {
  const machine = bootMachine(
    {
      folder: `${stage.folder}/machine`,
      lower: [stage.image],
      shares: [],
      files: { busybox: { path: `${stage.image}/bin/busybox` }, job: `b=/boot/busybox\n${script}` },
      program: ['/boot/busybox', 'sh', '/boot/job'],
      terminal: false,
      memoryMiB: MEMORY_MIB,
    },
    requireHypervisor('boot a machine'),
  )
  const said = Buffer.concat([...listen(machine)].map(({ bytes }) => bytes)).toString()
  if (said === '') throw new LessonError(`Cannot ask the machine: ${machine.log()}`)
  return said.trimEnd().split('\n')
}
