/** Volumes that no container uses, removed. */

import { recordEvent } from '../events/event-log.ts'
import { recordPrune } from '../events/record-event-of.ts'
import { treeBytes } from '../image/disk-usage.ts'
import { listVolumes, removeVolume, type Volume, volumeData } from './volume.ts'
import { volumeUsers } from './volume-users.ts'

export interface PrunedVolumes {
  readonly names: string[]
  readonly bytes: number
}

export function pruneVolumes(dataRoot: string, holds: (volume: Volume) => boolean): PrunedVolumes {
  const users = volumeUsers(dataRoot)
  const names: string[] = []
  let bytes = 0
  for (const volume of listVolumes(dataRoot)) {
    if (users.has(volume.name) || !holds(volume)) continue
    bytes += treeBytes(volumeData(dataRoot, volume.name))
    removeVolume(dataRoot, volume.name)
    recordEvent(dataRoot, {
      type: 'volume',
      action: 'destroy',
      id: volume.name,
      attributes: { driver: 'local' },
    })
    names.push(volume.name)
  }
  recordPrune(dataRoot, 'volume', bytes)
  return { names, bytes }
}
