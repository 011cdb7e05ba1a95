/** Work on a container's files while none of its processes runs (cgroup v2 cgroup.freeze; Linux 5.2). */
import { fileType, readTextIfAny } from '../../linux/file.ts'
import { setFrozen } from '../../runtime/freeze.ts'
import type { Container } from './list.ts'

/** A container that does not run, is paused already or has no cgroup is left as it is. */
export async function whilePaused<T>({ id, state }: Container, work: () => Promise<T>): Promise<T> {
  const folder = state.status === 'running' ? cgroupOf(state.pid, id) : undefined
  if (folder === undefined) return work()
  setFrozen(folder, true)
  try {
    return await work()
  } finally {
    setFrozen(folder, false)
  }
}

/** The container's own, which its first process may have left for one below (proc(5), cgroups(7)). */
function cgroupOf(pid: number, id: string): string | undefined {
  const path = /^0::(.*)$/m.exec(readTextIfAny(`/proc/${pid}/cgroup`) ?? '')?.[1] ?? ''
  const end = path.indexOf(`/${id}`)
  if (end < 0) return undefined
  const mounts = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified']
  const folders = mounts.map((mount) => `${mount}${path.slice(0, end)}/${id}`)
  return folders.find((folder) => fileType(`${folder}/cgroup.freeze`) !== undefined)
}
