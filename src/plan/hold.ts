/**
 * Between `create` and `start` (runtime-spec runtime.md, "Lifecycle"): the finished container waits at a named pipe for
 * one byte. Whoever starts it watches the pipe lose its last reader, at execve(2) or when a step fails.
 */

import { AT } from '../linux/abi/flags.ts'
import type { Config } from '../oci/runtime-spec.ts'
import { programCandidates } from './process.ts'
import { barrier, call, each, START, type Step, slot } from './step.ts'

const CREATED = 5

/** Host: everything that can be made before the program is started is made. */
export const awaitCreated = (): Step =>
  barrier(CREATED, 'wait', 'the container is complete and waits to be started')

const PROGRAM = slot('program')
const X_OK = { name: 'X_OK', value: 1 }
/** AT_EACCESS shares its value with AT_REMOVEDIR. */
const AT_EACCESS = { name: 'AT_EACCESS', value: AT.REMOVEDIR }

/** Container: a program that is not there must fail `create`, not `start`. */
export function lookUpProgramSteps(config: Config): Step[] {
  const candidates = programCandidates(config)
  const at = '/process/args'
  const last = candidates.at(-1) as string
  return [
    call('faccessat2', [AT.FDCWD, each(candidates), X_OK, AT_EACCESS], {
      into: PROGRAM,
      unless: PROGRAM,
      // A seccomp filter may already forbid to ask: then execve tells.
      tolerate: ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ENOSYS'],
      why: 'whoever creates wants to know now if there is no such program',
      at,
    }),
    call('faccessat2', [AT.FDCWD, last, X_OK, AT_EACCESS], {
      unless: PROGRAM,
      tolerate: ['EPERM', 'ENOSYS'],
      why: 'run the program',
      at,
    }),
  ]
}

export const holdSteps = (): Step[] => [
  barrier(CREATED, 'signal', 'nothing is left to make'),
  call('read', [START, new Uint8Array(1)], { why: 'wait to be started' }),
]
