/** A process beyond the reuse of its number: the pid and the time it started (proc_pid_stat(5)). */

import { E } from '../linux/abi/errno.ts'
import { attempt } from '../linux/call.ts'
import { readTextIfAny } from '../linux/file.ts'
import { KernelError } from '../linux/kernel-error.ts'

export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks since boot. */
  readonly startTime: string
}

/** Fields behind the name, which may hold anything: state is the third of all, starttime the 22nd. */
const STARTTIME = 22 - 3

/** The text of /proc/PID/stat, NUL-padded or not. */
export function parseStat(text: string): ProcessIdentity & { state: string } {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { pid: Number.parseInt(text, 10), startTime: fields[STARTTIME] ?? '', state: fields[0] ?? '' }
}

/** Whether it is still the same process and has not ended: one that nobody has waited for has. */
export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  const text = readStat(pid)
  if (text === undefined) return false
  const now = parseStat(text)
  return now.startTime === startTime && now.state !== 'Z' && now.state !== 'X'
}

function readStat(pid: number): string | undefined {
  try {
    return readTextIfAny(`/proc/${pid}/stat`)
  } catch (error) {
    // It ended between open and read.
    if (error instanceof KernelError && error.errno === E.SRCH) return undefined
    throw error
  }
}

/** A descriptor of the process that cannot come to mean another (pidfd_open(2)), or undefined when it has ended. */
export function openProcess(process: ProcessIdentity): number | undefined {
  const fd = attempt('pidfd_open', [process.pid, 0])
  if (fd < 0) return undefined
  // Opened first, looked at second: what is alive now is what was opened.
  if (isAlive(process)) return fd
  attempt('close', [fd])
  return undefined
}
