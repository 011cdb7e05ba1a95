/** The processes of a container: those in its cgroup and in the cgroups below; where it has none, those of its namespace. */
import { StateError } from '../../errors.ts'
import { listFolder, readTextIfAny } from '../../linux/file.ts'
import { cgroupOf, readAccounting } from '../stats/cgroup-usage.ts'
import { processesOf } from '../stats/process-usage.ts'
import type { Container } from './list.ts'

/** By their ids on the host. @throws StateError in Docker's words when it does not run */
export function containerProcesses({ id, state }: Container): number[] {
  if (state.pid === 0) throw new StateError(`container ${id} is not running`)
  const cgroup = cgroupOf(state.pid, id, readAccounting())
  if (cgroup === undefined) return processesOf(state.pid)
  // The first process may have gone into a cgroup below the container's own (systemd).
  const end = cgroup.indexOf(`/${id}`)
  return processesIn(end < 0 ? cgroup : cgroup.slice(0, end + 1 + id.length)).sort((a, b) => a - b)
}

function processesIn(cgroup: string): number[] {
  const text = readTextIfAny(`${cgroup}/cgroup.procs`)
  // A file, not a cgroup.
  if (text === undefined) return []
  const own = text
    .split('\n')
    .filter((line) => line !== '')
    .map(Number)
  return [
    ...own,
    ...listFolder(cgroup).flatMap((name) => (name.includes('.') ? [] : processesIn(`${cgroup}/${name}`))),
  ]
}
