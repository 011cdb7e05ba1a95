/** `pause` and `resume`: the freezer of cgroup v2. */
import { StateError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { AT } from '../linux/abi/flags.ts'
import { call } from '../linux/call.ts'
import { readAll } from '../linux/file.ts'
import { lockContainer, readContainer } from './state.ts'
import { type ContainerStatus, statusOf } from './status.ts'

/** @throws StateError with runc's words */
export function pause(root: string, id: string): void {
  change(root, id, true, ['running', 'created'], 'container not running or created')
}

/** @throws StateError with runc's words */
export function resume(root: string, id: string): void {
  change(root, id, false, ['paused'], 'container not paused')
}

function change(
  root: string,
  id: string,
  frozen: boolean,
  from: readonly ContainerStatus[],
  otherwise: string,
): void {
  const lock = lockContainer(readContainer(root, id).folder)
  try {
    const container = readContainer(root, id)
    const status = statusOf(container)
    if (!from.includes(status)) throw new StateError(`${otherwise}: ${status}`)
    const { cgroup } = container.state
    if (cgroup === undefined)
      throw new StateError(
        `container ${id} has no cgroup to freeze: this host has no cgroup v2 that we may write`,
      )
    setFrozen(cgroup, frozen)
  } finally {
    lock.close()
  }
}

const POLLPRI = 2
const PATIENCE_SECONDS = 5n

/** Waits until all of it is (cgroup.events tells by POLLPRI). */
export function setFrozen(cgroup: string, frozen: boolean): void {
  const fd = call('openat', [AT.FDCWD, `${cgroup}/cgroup.freeze`, O.WRONLY | O.CLOEXEC, 0])
  call('write', [fd, frozen ? '1' : '0'])
  call('close', [fd])
  const events = call('openat', [AT.FDCWD, `${cgroup}/cgroup.events`, O.RDONLY | O.CLOEXEC, 0])
  const poll = new Uint8Array(8)
  const view = new DataView(poll.buffer)
  view.setInt32(0, events, true)
  view.setInt16(4, POLLPRI, true)
  const time = new Uint8Array(new BigInt64Array([PATIENCE_SECONDS, 0n]).buffer)
  while (isFrozenNow(events) !== frozen && call('ppoll', [poll, 1, time, null, 0]) > 0);
  call('close', [events])
}

/** Reading is what poll(2) counts changes from. */
function isFrozenNow(events: number): boolean {
  call('lseek', [events, 0, 0])
  return /^frozen 1$/m.test(new TextDecoder().decode(readAll(events)))
}
