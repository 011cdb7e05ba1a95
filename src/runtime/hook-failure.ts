/** A hook that failed: which, with what arguments, and what it said (plan/hooks.ts). */
import { errnoName } from '../linux/abi/errno.ts'
import { fileType } from '../linux/file.ts'
import { readProgramOutput } from '../linux/step-failure/program-output.ts'
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
  const said = readProgramOutput(HOOK_OUTPUT_NAME, process).trim()
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
