/** Which containers use which volumes: as they were recorded, running or not. */
import { listContainers } from '../container/list.ts'

/** Ids of containers by the name of the volume. */
export function volumeUsers(dataRoot: string): Map<string, string[]> {
  const users = new Map<string, string[]>()
  for (const { id, record } of listContainers(dataRoot)) {
    for (const mount of record.options.mounts) {
      if (mount.type === 'volume') users.set(mount.name, [...(users.get(mount.name) ?? []), id])
    }
  }
  return users
}
