/** A process beyond the reuse of its number: the pid and the time it started (proc_pid_stat(5)). */

import { E } from '../linux/abi/errno.ts'
import { AT } from '../linux/abi/flags.ts'
import { attempt, call } from '../linux/call.ts'
import { readTextIfAny } from '../linux/file.ts'
import { KernelError } from '../linux/kernel-error.ts'
import { apart, lookedAt, noting, spoilPremises } from '../linux/premises.ts'

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

/** Where a plan that is kept finds its container's process: below the files that it opens itself. */
const PLACE = 63

/**
 * The same process, opened so that the next start of this command line can see whether it still is: the inode of a pidfd
 * is never used again (pidfs, Linux 6.9). Where it is not so, that start is prepared anew.
 * @param pidfd of a process that is alive; is closed when another takes its place
 */
export function notedProcess(pidfd: number, pid: number): number {
  if (!noting()) return pidfd
  const inode = apart(() => pidfsInode(pidfd))
  const again = call('pidfd_open', [pid, 0])
  const theirs = readInode(again)
  lookedAt([INODE_OFFSET, 8])
  if (inode === undefined || inode !== theirs) spoilPremises()
  call('dup3', [again, PLACE, 0])
  call('close', [again])
  apart(() => call('close', [pidfd]))
  return PLACE
}

const INODE_OFFSET = 32
const STATX_INO = 0x100
const PID_FS_MAGIC = 0x50494446

function readInode(fd: number): bigint {
  const status = new Uint8Array(256)
  call('statx', [fd, '', AT.EMPTY_PATH, STATX_INO, status])
  return new DataView(status.buffer).getBigUint64(INODE_OFFSET, true)
}

/** Undefined where all pidfds share one. */
function pidfsInode(pidfd: number): bigint | undefined {
  const buffer = new Uint8Array(120)
  call('statfs', [`/proc/self/fd/${pidfd}`, buffer])
  return new DataView(buffer.buffer).getUint32(0, true) === PID_FS_MAGIC ? readInode(pidfd) : undefined
}
