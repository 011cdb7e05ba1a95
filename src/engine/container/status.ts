/**
 * A container's state, from its `status` file: one line an event, each a time in nanoseconds since the epoch, a word and
 * its numbers. The monitor (native/record.c) and the commands append; a write of one line with O_APPEND is whole.
 *
 *     1732250000123456789 created
 *     1732250000223456789 started PID
 *     1732250000323456789 paused | unpaused
 *     1732250000423456789 stopping             somebody asked: no restart policy applies
 *     1732250000423456789 killed SIGNAL        somebody sent it
 *     1732250000523456789 exited CODE SIGNAL OOM
 *     1732250000623456789 restarting MILLISECONDS
 *     1732250000723456789 failed CODE          it did not start; `error` says why
 *     1732250000823456789 removing
 *
 * The monitor holds a POSIX lock (fcntl_locking(2)) on the file as long as it lives, so the kernel knows whether there is
 * one and which process it is: a container that has `started` without a lock has lost its monitor, and ended with it.
 */
import { O } from '../../linux/abi/arch.ts'
import { AT, F } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { readRegular } from '../../linux/file.ts'
import { statusPath } from './record.ts'

/** Docker's words. */
export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'

/** Times are nanoseconds since the epoch; 0n: never. */
export interface ContainerState {
  readonly status: ContainerStatus
  readonly createdAt: bigint
  readonly startedAt: bigint
  readonly finishedAt: bigint
  /** The container's first process as the host sees it; 0 when it does not run. */
  readonly pid: number
  /** Who waits for it; 0 when nobody does. */
  readonly monitorPid: number
  /** As docker has it: 128 + the signal that ended it. */
  readonly exitCode: number
  /** 0: it ended by itself. */
  readonly signal: number
  readonly oomKilled: boolean
  /** Since it was last started by a person. */
  readonly restartCount: number
  /** It was stopped on purpose: `unless-stopped` leaves it so. */
  readonly stopped: boolean
  /** It ended with its monitor, and nobody has written that down yet (repair.ts). */
  readonly abandoned: boolean
}

const WRLCK = 1
/** struct flock: l_type, l_whence, l_start, l_len, l_pid. Large enough to be passed in place (ffi/port.ts). */
const LOCK_BYTES = 1024
const PID_OFFSET = 24
const UNLCK = 2
const KILLED = 137

/** Of every question the same: `ps` asks it of each container. */
const asked = new Uint8Array(LOCK_BYTES)

/** The process that holds a lock on the open file; 0: none. */
export function lockHolder(fd: number): number {
  const view = new DataView(asked.buffer)
  asked.fill(0, 0, PID_OFFSET + 8)
  view.setInt16(0, WRLCK, true)
  call('fcntl', [fd, F.GETLK, asked])
  return view.getInt16(0, true) === UNLCK ? 0 : view.getInt32(PID_OFFSET, true)
}

/** Whether this process holds the lock now. It is lost when this process closes any descriptor of the file. */
export function takeLock(fd: number): boolean {
  const lock = new Uint8Array(LOCK_BYTES)
  new DataView(lock.buffer).setInt16(0, WRLCK, true)
  return attempt('fcntl', [fd, F.SETLK, lock]) === 0
}

/** Undefined where there is no such container. Never of a container whose lock this process holds. */
export function readState(dataRoot: string, id: string): ContainerState | undefined {
  const fd = attempt('openat', [AT.FDCWD, statusPath(dataRoot, id), O.RDONLY | O.CLOEXEC, 0])
  if (fd < 0) return undefined
  try {
    // The lock first: what a monitor wrote before it ended is then in the text.
    const monitorPid = lockHolder(fd)
    return parseState(readRegular(fd), monitorPid)
  } finally {
    call('close', [fd])
  }
}

/** Adds an event that happens now. @throws KernelError */
export function appendEvent(dataRoot: string, id: string, event: string): void {
  const fd = call('openat', [
    AT.FDCWD,
    statusPath(dataRoot, id),
    O.WRONLY | O.APPEND | O.CREAT | O.CLOEXEC,
    0o600,
  ])
  try {
    call('write', [fd, `${nowNanoseconds()} ${event}\n`])
  } finally {
    call('close', [fd])
  }
}

const nowNanoseconds = (): bigint =>
  BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n

export interface StatusEvent {
  readonly at: bigint
  readonly word: string
  readonly numbers: readonly number[]
}

/** Whole lines only: the last may be just being written. */
export function parseEvents(text: string): StatusEvent[] {
  const events: StatusEvent[] = []
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    const [at = '', word, ...numbers] = line.split(' ')
    if (word !== undefined && /^\d+$/.test(at))
      events.push({ at: BigInt(at), word, numbers: numbers.map(Number) })
  }
  return events
}

/** @param monitorPid who holds the lock; 0: nobody */
export function parseState(text: string, monitorPid: number): ContainerState {
  const state = {
    status: 'created' as ContainerStatus,
    createdAt: 0n,
    startedAt: 0n,
    finishedAt: 0n,
    pid: 0,
    monitorPid,
    exitCode: 0,
    signal: 0,
    oomKilled: false,
    restartCount: 0,
    stopped: false,
    abandoned: false,
  }
  let restarting = false
  for (const { at, word, numbers } of parseEvents(text)) {
    const [first = 0, second = 0, third = 0] = numbers
    // A container that `run` made has no line of its making: the start is the first that is known of it.
    if (state.createdAt === 0n) state.createdAt = at
    if (word === 'started') {
      state.restartCount = restarting ? state.restartCount + 1 : 0
      Object.assign(state, { status: 'running', startedAt: at, pid: first, stopped: false, oomKilled: false })
      Object.assign(state, { exitCode: 0, signal: 0, finishedAt: 0n })
      restarting = false
    } else if (word === 'paused') state.status = 'paused'
    else if (word === 'unpaused') state.status = 'running'
    else if (word === 'stopping') state.stopped = true
    else if (word === 'exited') {
      Object.assign(state, { status: 'exited', finishedAt: at, pid: 0, exitCode: first, signal: second })
      state.oomKilled = third !== 0
    } else if (word === 'restarting') {
      state.status = 'restarting'
      restarting = true
    } else if (word === 'failed') {
      Object.assign(state, { status: state.startedAt === 0n ? 'created' : 'exited', pid: 0, exitCode: first })
      state.finishedAt = state.startedAt === 0n ? 0n : at
    } else if (word === 'removing') state.status = 'removing'
  }
  return monitorPid === 0 ? withoutMonitor(state) : state
}

/** Nobody waits for it: it cannot run. */
function withoutMonitor(state: ContainerState): ContainerState {
  if (state.status === 'restarting') return { ...state, status: 'exited' }
  if (state.status !== 'running' && state.status !== 'paused') return state
  return { ...state, status: 'exited', pid: 0, exitCode: KILLED, signal: KILLED - 128, abandoned: true }
}
