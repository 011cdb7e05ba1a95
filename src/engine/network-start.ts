/** Takes what a container's plan expects to be there: its networks, its addresses, its place among the names. */
import { makeFolder } from '../linux/file.ts'
import { locked, makeBridge } from '../network/bridge.ts'
import { keepDefaultNetwork } from '../network/default-network.ts'
import { joinHosts } from '../network/hosts-files.ts'
import { leaseFolder, releaseLease, sweepLeases, takeLease } from '../network/leases.ts'
import { DEFAULT_NETWORK } from '../network/network.ts'
import type { ContainerNetwork } from './container-network.ts'

/**
 * @param hosts the text of its hosts file
 * @returns false where somebody took one of its addresses meanwhile: then nothing is taken, and others are to be chosen
 * @throws ConfigError where the host cannot have such a network
 */
export function takeNetwork(
  { networks, state }: ContainerNetwork,
  { root, dataRoot }: { readonly root: string; readonly dataRoot: string },
  hosts: string,
): boolean {
  for (const network of networks) {
    makeFolder(leaseFolder(root, network.id))
    if (
      network.name === DEFAULT_NETWORK &&
      !locked(`${root}/networks`, () => keepDefaultNetwork(dataRoot, network))
    )
      return false
    if (network.driver === 'bridge') makeBridge(root, network)
  }
  if (state.hosts !== undefined) for (const { id } of networks) sweepLeases(root, id)
  const leases = state.endpoints.flatMap((endpoint) => endpoint.leases)
  const taken: string[] = []
  for (const path of leases) {
    if (takeLease(path, state.id)) {
      taken.push(path)
      continue
    }
    for (const mine of taken) releaseLease(mine, state.id)
    return false
  }
  if (state.hosts !== undefined)
    locked(`${root}/networks`, () => joinHosts(root, state.id, state.endpoints, hosts))
  return true
}
