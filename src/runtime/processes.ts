/** Who runs in a container. */

import { AT } from '../linux/abi/flags.ts'
import { attempt } from '../linux/call.ts'
import { listFolder } from '../linux/file.ts'
import { processesOf } from './cgroup-processes.ts'
import { isAlive } from './process-identity.ts'
import type { Container } from './state.ts'

/** All of its cgroup; without one, all of its pid namespace, or at least the first. */
export function containerProcesses({ process, state }: Container): number[] {
  if (state.cgroup !== undefined) return processesOf(state.cgroup)
  if (!process || !isAlive(process)) return []
  const namespace = pidNamespace(process.pid)
  if (namespace === undefined || namespace === pidNamespace('self')) return [process.pid]
  return listFolder('/proc')
    .filter((name) => /^\d+$/.test(name) && pidNamespace(name) === namespace)
    .map(Number)
}

function pidNamespace(pid: number | string): string | undefined {
  const target = new Uint8Array(64)
  const length = attempt('readlinkat', [AT.FDCWD, `/proc/${pid}/ns/pid`, target])
  return length < 0 ? undefined : new TextDecoder().decode(target.subarray(0, length))
}
