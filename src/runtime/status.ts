/** A container's status (runtime.md, "State"), from what the kernel says at this moment. */
import { O } from '../linux/abi/arch.ts'
import { E } from '../linux/abi/errno.ts'
import { AT } from '../linux/abi/flags.ts'
import { attempt, call } from '../linux/call.ts'
import { readTextIfAny } from '../linux/file.ts'
import { apart } from '../linux/premises.ts'
import { isAlive } from './process-identity.ts'
import { type Container, START_PIPE } from './state.ts'

/** `paused` is runc's addition to the specification. */
export type ContainerStatus = 'creating' | 'created' | 'running' | 'paused' | 'stopped'

export function statusOf({ folder, state, process }: Container): ContainerStatus {
  if (!process) return isBeingMade(folder) ? 'creating' : 'stopped'
  if (!isAlive(process)) return 'stopped'
  if (state.cgroup !== undefined && isFrozen(state.cgroup)) return 'paused'
  return isHeld(folder) ? 'created' : 'running'
}

/** For a start that may be kept: whether the process is alive, its pidfd tells (process-identity.ts). */
export function notedStatus(container: Container): ContainerStatus {
  const status = apart(() => statusOf(container))
  if (container.state.cgroup !== undefined) isFrozen(container.state.cgroup)
  return status
}

export const isFrozen = (cgroup: string): boolean =>
  readTextIfAny(`${cgroup}/cgroup.freeze`)?.startsWith('1') ?? false

/** The pipe that it waits at has a reader as long as it waits: opening it for writing tells (fifo(7)). */
function isHeld(folder: string): boolean {
  const fd = attempt('openat', [AT.FDCWD, `${folder}/${START_PIPE}`, O.WRONLY | O.NONBLOCK | O.CLOEXEC, 0])
  if (fd >= 0) call('close', [fd])
  return fd >= 0
}

const LOCK_SH_NB = 5

/** Whoever creates it holds the lock; one that was killed half-way holds none. */
function isBeingMade(folder: string): boolean {
  const fd = attempt('openat', [AT.FDCWD, folder, O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0])
  if (fd < 0) return false
  const busy = attempt('flock', [fd, LOCK_SH_NB]) === -E.AGAIN
  call('close', [fd])
  return busy
}
