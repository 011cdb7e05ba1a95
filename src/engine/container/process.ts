/** A container's processes by pidfd, so that a number that has become another's is never meant (pidfd_open(2)). */
import { attempt, call } from '../../linux/call.ts'
import type { Container } from './list.ts'
import { type ContainerState, readState } from './status.ts'

export interface OpenProcesses {
  /** Of the container's first process. */
  readonly container: number
  /** Of whoever waits for it: when that ends, everything of the container's is cleaned up. */
  readonly monitor: number
}

/** Undefined where it does not run. The caller closes them. */
export function openProcesses(dataRoot: string, { id, state }: Container): OpenProcesses | undefined {
  if (state.monitorPid === 0) return undefined
  const monitor = attempt('pidfd_open', [state.monitorPid, 0])
  if (monitor < 0) return undefined
  const container = state.pid > 0 ? attempt('pidfd_open', [state.pid, 0]) : -1
  // The lock is the monitor's own, so a pidfd opened while it is held is of the right process; and so its child's.
  const now = readState(dataRoot, id)
  if (now?.monitorPid === state.monitorPid && now.pid === state.pid) return { container, monitor }
  closeProcesses({ container, monitor })
  return undefined
}

export function closeProcesses({ container, monitor }: OpenProcesses): void {
  for (const fd of [container, monitor]) if (fd >= 0) call('close', [fd])
}

/** Nobody there any more is no error. */
export function sendSignal(pidfd: number, signal: number): void {
  if (pidfd >= 0) attempt('pidfd_send_signal', [pidfd, signal, null, 0])
}

const POLLFD_BYTES = 8
const POLLIN = 1
const STABLE_BYTES = 1024

/** Which of these have ended, once one has or the time is over. */
export function awaitEnd(pidfds: readonly number[], milliseconds: number): boolean[] {
  const polls = new Uint8Array(Math.max(STABLE_BYTES, pidfds.length * POLLFD_BYTES))
  const view = new DataView(polls.buffer)
  pidfds.forEach((fd, i) => {
    view.setInt32(i * POLLFD_BYTES, fd, true)
    view.setInt16(i * POLLFD_BYTES + 4, POLLIN, true)
  })
  const time = Number.isFinite(milliseconds)
    ? new Uint8Array(
        new BigInt64Array([
          BigInt(Math.floor(milliseconds / 1000)),
          BigInt(Math.ceil((milliseconds % 1000) * 1e6)),
        ]).buffer,
      )
    : null
  call('ppoll', [polls, pidfds.length, time, null, 0])
  return pidfds.map((_, i) => view.getInt16(i * POLLFD_BYTES + 6, true) !== 0)
}

/** For docker's words. */
export const isUp = ({ status }: ContainerState): boolean =>
  status === 'running' || status === 'paused' || status === 'restarting'
