/** What a program said before it failed: from the memory file that was its output, which outlives our execve. */
import { AT } from '../abi/flags.ts'
import { attempt } from '../call.ts'
import { listFolder, readText } from '../file.ts'

/** @param name of the memory file @param process who has it open: a process id, or `self` */
export function readProgramOutput(name: string, process: string): string {
  const folder = `/proc/${process}/fd`
  const target = new Uint8Array(64)
  for (const fd of listFolder(folder)) {
    const length = attempt('readlinkat', [AT.FDCWD, `${folder}/${fd}`, target])
    if (length > 0 && new TextDecoder().decode(target.subarray(0, length)).includes(name))
      return readText(`${folder}/${fd}`)
  }
  return ''
}
