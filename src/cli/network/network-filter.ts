/** `network ls --filter` and `network prune --filter` (moby daemon/network/filter.go). */
import type { ContainerFolders } from '../../engine/container/record.ts'
import { membersOf, type NetworkInfo } from '../../engine/network/networks.ts'
import { BUILT_IN } from '../../network/network.ts'
import { type Filter, Filters } from '../format/filters.ts'

/** @throws StateError with Docker's words */
export function networkFilter(
  filters: readonly Filter[],
  folders: ContainerFolders,
): (network: NetworkInfo) => boolean {
  const asked = new Filters(filters, ['dangling', 'driver', 'id', 'label', 'label!', 'name', 'scope', 'type'])
  const dangling = asked.boolean('dangling', false)
  return (network) => {
    const predefined = (BUILT_IN as readonly string[]).includes(network.name)
    return (
      asked.matches('name', network.name) &&
      asked.matches('id', network.id) &&
      asked.is('driver', network.driver) &&
      asked.is('scope', 'local') &&
      asked.is('type', predefined ? 'builtin' : 'custom') &&
      asked.labels({ ...network.labels }) &&
      (!asked.has('dangling') || dangling === (!predefined && membersOf(folders, network).length === 0))
    )
  }
}
