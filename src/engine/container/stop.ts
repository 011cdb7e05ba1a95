/** `stop` and `kill`: many containers at once, each by its own signal and time. */
import { StateError } from '../../errors.ts'
import { signalNumber } from '../../linux/abi/signal.ts'
import { STAY_DOWN } from '../../plan/wire.ts'
import { setFrozen } from '../../runtime/freeze.ts'
import { cgroupOf } from './cgroup-of.ts'
import type { Container } from './list.ts'
import { awaitEnd, closeProcesses, type OpenProcesses, openProcesses, sendSignal } from './process.ts'
import type { ContainerFolders } from './record.ts'
import { appendEvent } from './status.ts'

export interface StopOptions {
  readonly signal?: number | undefined
  /** Until SIGKILL; below 0: for ever. */
  readonly seconds?: number | undefined
}

const SIGTERM = 15
const SIGKILL = 9
const STOP_SECONDS = 10

/** The signal that its image or its maker chose. */
export function stopSignalOf({ record: { image, options } }: Container): number {
  const chosen = options.stopSignal ?? image.config.StopSignal
  return (chosen === undefined ? undefined : signalNumber(chosen)) ?? SIGTERM
}

interface Stopping {
  readonly container: Container
  readonly processes: OpenProcesses
  deadline: number
  killed: boolean
}

/** Returns when they are all down, and nothing of them is left but what is kept. */
export function stopContainers(
  folders: ContainerFolders,
  containers: readonly Container[],
  { signal, seconds }: StopOptions = {},
): void {
  const stopping: Stopping[] = []
  for (const container of containers) {
    const processes = openProcesses(folders.dataRoot, container)
    if (!processes) continue
    stayDown(folders, container, processes)
    const patience = seconds ?? container.record.options.stopTimeoutSeconds ?? STOP_SECONDS
    const first = patience === 0 ? SIGKILL : (signal ?? stopSignalOf(container))
    signalContainer(folders, container, processes, first)
    thaw(folders, container)
    stopping.push({
      container,
      processes,
      deadline: patience < 0 ? Number.POSITIVE_INFINITY : Date.now() + patience * 1000,
      killed: first === SIGKILL,
    })
  }
  awaitAll(folders, stopping)
}

/** Somebody wants it down: no restart policy applies, and it is written down for the next boot. */
function stayDown(
  { dataRoot }: ContainerFolders,
  { id, record }: Container,
  { monitor }: OpenProcesses,
): void {
  appendEvent(dataRoot, id, 'stopping')
  if (record.options.restart.name !== 'no') sendSignal(monitor, STAY_DOWN)
}

/** A frozen process dies of SIGKILL only; it must be able to take the others. */
function thaw(folders: ContainerFolders, { id, state }: Container): void {
  const cgroup = state.status === 'paused' ? cgroupOf(folders, id) : undefined
  if (cgroup !== undefined) setFrozen(cgroup, false)
}

function awaitAll(folders: ContainerFolders, stopping: Stopping[]): void {
  for (let left = stopping; left.length > 0; ) {
    const next = Math.min(
      ...left.map(({ deadline, killed }) => (killed ? Number.POSITIVE_INFINITY : deadline)),
    )
    const ended = awaitEnd(
      left.map(({ processes }) => processes.monitor),
      Math.max(0, next - Date.now()),
    )
    for (const [i, one] of left.entries()) {
      if (ended[i]) closeProcesses(one.processes)
      else if (!one.killed && Date.now() >= one.deadline) {
        one.killed = true
        killAll(folders, one)
      }
    }
    left = left.filter((_, i) => !ended[i])
  }
}

/** Its first process, and with that all of its PID namespace; and whoever shares the host's. */
function killAll(folders: ContainerFolders, { container, processes }: Stopping): void {
  signalContainer(folders, container, processes, SIGKILL)
  thaw(folders, container)
}

/** Written down first: its end may be the next line. */
function signalContainer(
  { dataRoot }: ContainerFolders,
  { id }: Container,
  { container }: OpenProcesses,
  signal: number,
): void {
  appendEvent(dataRoot, id, `killed ${signal}`)
  sendSignal(container, signal)
}

/** @throws StateError with docker's words */
export function killContainer(
  folders: ContainerFolders,
  container: Container,
  word: string,
  signal: number,
): void {
  const processes =
    container.state.status === 'running' || container.state.status === 'paused'
      ? openProcesses(folders.dataRoot, container)
      : undefined
  if (!processes)
    throw new StateError(`cannot kill container: ${word}: container ${container.id} is not running`)
  const last = signal === SIGKILL || signal === stopSignalOf(container)
  if (last) stayDown(folders, container, processes)
  signalContainer(folders, container, processes, signal)
  if (signal === SIGKILL) thaw(folders, container)
  if (signal === SIGKILL) awaitEnd([processes.monitor], Number.POSITIVE_INFINITY)
  closeProcesses(processes)
}
