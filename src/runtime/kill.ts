/** Signals to a container: to its first process, or to all it has. */
import { StateError } from '../errors.ts'
import { E } from '../linux/abi/errno.ts'
import { signalNumber } from '../linux/abi/signal.ts'
import { attempt, call } from '../linux/call.ts'
import { killCgroup, processesOf } from './cgroup-processes.ts'
import { openProcess, type ProcessIdentity } from './process-identity.ts'
import { readConfig } from './saved-config.ts'
import { type Container, readContainer } from './state.ts'

const SIGKILL = 9
const HIGHEST = 64

/** `9`, `KILL`, `SIGKILL`, `sigkill`; 0 only asks whether it lives (kill(2)). @throws StateError with runc's words */
export function parseSignal(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : signalNumber(text.toUpperCase().replace(/^SIG/, ''))
  if (number === undefined || number < 0 || number > HIGHEST) throw new StateError(`unknown signal "${text}"`)
  return number
}

/** @param all every process of its cgroup; that there are none is no error then */
export function kill(root: string, id: string, signal: number, all: boolean): void {
  const container = readContainer(root, id)
  const { cgroup } = container.state
  const process = container.process && openProcess(container.process)
  if (process === undefined && !all) throw new StateError('container not running')
  try {
    // Without a pid namespace nothing ends when its first process does.
    if (cgroup !== undefined && (all || (signal === SIGKILL && !hasOwnPids(container))))
      signalAll(cgroup, signal)
    else if (process !== undefined) signalOne(process, signal)
  } finally {
    if (process !== undefined) attempt('close', [process])
  }
}

function signalOne(process: number, signal: number): void {
  const result = attempt('pidfd_send_signal', [process, signal, null, 0])
  if (result === -E.SRCH) throw new StateError('container not running')
  if (result < 0) call('pidfd_send_signal', [process, signal, null, 0])
}

const hasOwnPids = ({ folder }: Container): boolean =>
  readConfig(folder).linux?.namespaces?.some(({ type, path }) => type === 'pid' && !path) ?? false

function signalAll(cgroup: string, signal: number): void {
  if (signal === SIGKILL && killCgroup(cgroup)) return
  for (const pid of processesOf(cgroup)) attempt('kill', [pid, signal])
}

const POLLIN = 1

/**
 * SIGKILL, and waits until it has ended: a zombie has.
 * @returns whether it has, in at most so long
 */
export function endProcess(process: ProcessIdentity, seconds = 10): boolean {
  const fd = openProcess(process)
  if (fd === undefined) return true
  attempt('pidfd_send_signal', [fd, SIGKILL, null, 0])
  const poll = new Uint8Array(8)
  const view = new DataView(poll.buffer)
  view.setInt32(0, fd, true)
  view.setInt16(4, POLLIN, true)
  const time = new Uint8Array(new BigInt64Array([BigInt(seconds), 0n]).buffer)
  const ended = attempt('ppoll', [poll, 1, time, null, 0]) > 0
  attempt('close', [fd])
  return ended
}
