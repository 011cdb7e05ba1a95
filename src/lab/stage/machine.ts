/** A virtual machine for a lesson: its shell answers a few questions and it is turned off. */
import { bootMachine } from '../../engine/vm/boot.ts'
import { requireUml } from '../../engine/vm/machine.ts'
import { O } from '../../linux/abi/arch.ts'
import { AT } from '../../linux/abi/flags.ts'
import { call } from '../../linux/call.ts'
import { makeFolder } from '../../linux/file.ts'
import { LessonError } from '../lesson.ts'
import type { Stage } from '../stage.ts'

/** @param script leaves its answers in /result/NAME @returns what stands in NAME */
export function askMachine(
  stage: Stage,
  script: string,
  shares: readonly string[] = [],
): (name: string) => string {
  const folder = `${stage.folder}/machine`
  makeFolder(folder, 0o755)
  const nothing = call('openat', [AT.FDCWD, '/dev/null', O.RDWR | O.CLOEXEC, 0])
  const machine = bootMachine(
    {
      folder,
      busybox: `${stage.image}/bin/busybox`,
      lower: [stage.image],
      shares: shares.map((source) => ({ source, readonly: true })),
      files: { job: script },
      memoryMiB: 128,
      console: { input: nothing, output: nothing, error: nothing },
    },
    requireUml('boot a machine'),
  )
  machine.ended(true)
  call('close', [nothing])
  return (name) => {
    const text = machine.result(name)
    if (text === undefined) throw new LessonError(`Cannot ask the machine: ${machine.log()}`)
    return text
  }
}
