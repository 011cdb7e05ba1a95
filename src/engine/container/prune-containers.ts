/** Containers that do not run, removed. */

import { recordPrune } from '../events/record-event-of.ts'
import { treeBytes } from '../image/disk-usage.ts'
import { type Container, listContainers } from './list.ts'
import type { ContainerFolders } from './record.ts'
import { containerFolder } from './record.ts'
import { removeContainer } from './remove.ts'

export interface PrunedContainers {
  readonly ids: string[]
  readonly bytes: number
}

export async function pruneContainers(
  folders: ContainerFolders,
  holds: (container: Container) => boolean,
): Promise<PrunedContainers> {
  const ids: string[] = []
  let bytes = 0
  for (const container of listContainers(folders.dataRoot)) {
    const { status } = container.state
    if ((status !== 'exited' && status !== 'created' && status !== 'dead') || !holds(container)) continue
    bytes += treeBytes(`${containerFolder(folders.dataRoot, container.id)}/upper`)
    await removeContainer(folders, container, { force: false })
    ids.push(container.id)
  }
  recordPrune(folders.dataRoot, 'container', bytes)
  return { ids, bytes }
}
