/** `volume ls --filter` and `volume prune --filter` (moby volume/service/by.go). */
import type { Volume } from '../../engine/volume/volume.ts'
import { volumeUsers } from '../../engine/volume/volume-users.ts'
import { type Filter, Filters } from '../format/filters.ts'
import { volumeLabels } from './volume-row.ts'

/** @throws StateError with Docker's words */
export function volumeFilter(filters: readonly Filter[], dataRoot: string): (volume: Volume) => boolean {
  const asked = new Filters(filters, ['dangling', 'driver', 'label', 'label!', 'name'])
  const users = asked.has('dangling') ? volumeUsers(dataRoot) : new Map<string, string[]>()
  const dangling = asked.boolean('dangling', false)
  return (volume) =>
    asked.matches('name', volume.name) &&
    asked.is('driver', 'local') &&
    asked.labels(volumeLabels(volume)) &&
    (!asked.has('dangling') || dangling === !users.has(volume.name))
}
