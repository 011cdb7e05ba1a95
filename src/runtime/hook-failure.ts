/** A hook that failed: which, with what arguments, and what it said (plan/hooks.ts). */
import { errnoName } from '../linux/abi/errno.ts'
import { AT } from '../linux/abi/flags.ts'
import { attempt } from '../linux/call.ts'
import { fileType, listFolder, readText } from '../linux/file.ts'
import { HOOK_OUTPUT_NAME } from '../plan/hooks.ts'
import { numberSteps } from '../plan/print.ts'
import type { Plan } from '../plan/step.ts'

/** @returns undefined when the step is no hook */
export function readHookFailure(
  plan: Plan,
  number: number,
  errno: number,
  process: string,
): string | undefined {
  const step = numberSteps(plan)[number - 1]?.step
  if (step?.is !== 'composed' || step.operation !== 'hook') return undefined
  const [path = '', args] = step.args as readonly [string, readonly string[]]
  const [, , name, i] = (typeof step.at === 'string' ? step.at : '').split('/')
  const said = readOutput(process).trim()
  return describeHookFailure(
    `${name} hook #${i}`,
    { path, args },
    errnoName(errno) === 'ETIMEDOUT' ? 'it took longer than its timeout and was killed' : fact(path),
    said,
  )
}

export function describeHookFailure(
  which: string,
  { path, args }: { path: string; args?: readonly string[] | undefined },
  fact: string,
  said: string,
): string {
  const command = [path, ...(args ?? [path]).slice(1)].join(' ')
  return `error running ${which}: ${command}: ${fact}${said === '' ? '' : `, it said: ${said}`}`
}

const fact = (path: string): string =>
  fileType(path) === undefined ? 'there is no such program' : 'it did not exit with 0'

/** What the hooks wrote, from the memory file that the process still has open. */
function readOutput(process: string): string {
  const folder = `/proc/${process}/fd`
  const target = new Uint8Array(64)
  for (const name of listFolder(folder)) {
    const length = attempt('readlinkat', [AT.FDCWD, `${folder}/${name}`, target])
    if (length > 0 && new TextDecoder().decode(target.subarray(0, length)).includes(HOOK_OUTPUT_NAME))
      return readText(`${folder}/${name}`)
  }
  return ''
}
