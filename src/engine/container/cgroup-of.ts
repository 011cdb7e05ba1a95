/** Where a container's cgroup is: its state folder's journal says. */
import { readTextIfAny } from '../../linux/file.ts'
import type { ContainerFolders } from './record.ts'

/** Undefined where it has none, or does not run. */
export function cgroupOf({ root }: ContainerFolders, id: string): string | undefined {
  const [cgroup] = (readTextIfAny(`${root}/${id}/journal`) ?? '').split('\n')
  return cgroup || undefined
}
