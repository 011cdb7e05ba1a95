/** `pause` and `unpause`: the container's cgroup frozen (cgroup-v2.rst, cgroup.freeze; Linux 5.2). */
import { StateError } from '../../errors.ts'
import { setFrozen } from '../../runtime/freeze.ts'
import { cgroupOf } from './cgroup-of.ts'
import type { Container } from './list.ts'
import type { ContainerFolders } from './record.ts'
import { appendEvent } from './status.ts'

/** @throws StateError with docker's words */
export function pause(folders: ContainerFolders, { id, state }: Container): void {
  if (state.status === 'paused') throw new StateError(`Container ${id} is already paused`)
  if (state.status !== 'running') throw new StateError(`Container ${id} is not running`)
  setFrozen(freezable(folders, id), true)
  appendEvent(folders.dataRoot, id, 'paused')
}

/** @throws StateError with docker's words */
export function unpause(folders: ContainerFolders, { id, state }: Container): void {
  if (state.status !== 'paused') throw new StateError(`Container ${id} is not paused`)
  setFrozen(freezable(folders, id), false)
  appendEvent(folders.dataRoot, id, 'unpaused')
}

function freezable(folders: ContainerFolders, id: string): string {
  const cgroup = cgroupOf(folders, id)
  if (cgroup === undefined)
    throw new StateError(
      `Container ${id} has no cgroup to freeze: this host has no cgroup v2 that we may write`,
    )
  return cgroup
}
