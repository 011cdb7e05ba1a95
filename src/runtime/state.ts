/**
 * What the runtime keeps of a container, in `<root>/<id>/`:
 *
 *     state.json    what does not change (this file's type)
 *     config.json   the bundle's, as it was at `create`: later changes in the bundle have no effect (runtime.md)
 *     source        what the plan was compiled from, to explain a failed start
 *     process       /proc/PID/stat of the container as it was when it was complete: its pid and start time
 *     exec.fifo     the named pipe at which it waits to be started (plan/hold.ts); none when it was run at once
 *     verdict       step and errno, where the container's half of the plan failed
 *     plain         the folder of its cgroup, where native/door.c may start, signal and delete it
 *     resources     the limits of the last `update`, where there was one
 *
 * Its status is not among them: it follows from the process and from its cgroup (status.ts). Whoever changes a container
 * holds a lock on the folder (flock(2)). Folders are made by the plan (create-plan.ts) and removed by delete.ts.
 */
import { StateError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { E } from '../linux/abi/errno.ts'
import { AT, LOCK } from '../linux/abi/flags.ts'
import { attempt, call } from '../linux/call.ts'
import { listFolder, readTextIfAny } from '../linux/file.ts'
import { lookedAt } from '../linux/premises.ts'
import { type ProcessIdentity, parseStat } from './process-identity.ts'
import type { Scope } from './systemd/scope.ts'

/** As runc calls it: who looks into a created container finds it among its files. */
export const START_PIPE = 'exec.fifo'

export interface ContainerState {
  readonly ociVersion: string
  readonly id: string
  /** Absolute. */
  readonly bundle: string
  readonly rootfs: string
  /** The numeric user that created it. */
  readonly owner: number
  readonly annotations?: Readonly<Record<string, string>>
  /** The folder of its cgroup. */
  readonly cgroup?: string
  /** The unit that systemd made it for. */
  readonly scope?: Scope
}

export interface Container {
  /** `<root>/<id>` */
  readonly folder: string
  readonly state: ContainerState
  /** RFC 3339. */
  readonly created: string
  /** Undefined while it is being created. */
  readonly process: ProcessIdentity | undefined
}

const ID = /^[\w+.-]+$/

/** @throws StateError with runc's words */
export function checkId(id: string): void {
  if (!ID.test(id) || id === '.' || id === '..') {
    const wrong = /[^\w+.-]/.exec(id)?.[0]
    const which = wrong === undefined ? '' : `: invalid character \`${wrong}\` in the ID`
    throw new StateError(`invalid container ID format: "${id}"${which}`)
  }
}

/** Undefined where there is none. */
export function findContainer(root: string, id: string): Container | undefined {
  checkId(id)
  const folder = `${root}/${id}`
  const text = readTextIfAny(`${folder}/state.json`)
  // It is written in one go, but after it was made.
  if (!text?.endsWith('\n')) return undefined
  const stat = readTextIfAny(`${folder}/process`)
  return {
    folder,
    state: JSON.parse(text) as ContainerState,
    created: timeOfWriting(`${folder}/state.json`),
    process: stat === undefined ? undefined : parseStat(stat),
  }
}

const STATX_MTIME = 0x40
const MTIME_OFFSET = 112

/** In UTC, with nanoseconds, as Go prints it. */
function timeOfWriting(path: string): string {
  const status = new Uint8Array(256)
  call('statx', [AT.FDCWD, path, 0, STATX_MTIME, status])
  lookedAt([MTIME_OFFSET, 12])
  const view = new DataView(status.buffer)
  const date = new Date(Number(view.getBigInt64(MTIME_OFFSET, true)) * 1000)
  const fraction = String(view.getUint32(MTIME_OFFSET + 8, true)).padStart(9, '0')
  return date.toISOString().replace('000Z', `${fraction}Z`)
}

/** @throws StateError in words that engines look for */
export function readContainer(root: string, id: string): Container {
  const container = findContainer(root, id)
  if (!container) throw new StateError(`container "${id}" does not exist`)
  return container
}

/** Locks the container's folder against others that change it; gone with the process or with `close`. */
export function lockContainer(folder: string): { close(): void } {
  const fd = attempt('openat', [AT.FDCWD, folder, O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0])
  if (fd === -E.NOENT)
    throw new StateError(`container "${folder.slice(folder.lastIndexOf('/') + 1)}" does not exist`)
  if (fd < 0) call('openat', [AT.FDCWD, folder, O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0])
  call('flock', [fd, LOCK.EX])
  return { close: () => void attempt('close', [fd]) }
}

/** By id. */
export const listContainers = (root: string): Container[] =>
  listFolder(root)
    .sort()
    .flatMap((id) => (ID.test(id) ? (findContainer(root, id) ?? []) : []))
