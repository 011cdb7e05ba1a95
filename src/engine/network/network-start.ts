/** Takes what a container's plan expects to be there: its networks, its addresses, its place among the names. */
import { makeFolder } from '../../linux/file.ts'
import { apart } from '../../linux/premises.ts'
import { keepDefaultNetwork } from '../../network/default-network.ts'
import { unforeseen } from '../../network/foreseen.ts'
import { leaseFolder, releaseLease, sweepLeases, takeLease } from '../../network/leases.ts'
import { lookForFirewall } from '../../network/look.ts'
import { DEFAULT_NETWORK, type Network } from '../../network/network.ts'
import type { ContainerNetwork, NetworkState } from './container-network.ts'

/**
 * @param hosts the text of its hosts file
 * @returns false where somebody took one of its addresses meanwhile: then nothing is taken, and others are to be chosen
 * @throws ConfigError where the host cannot have such a network
 */
export async function takeNetwork(
  { networks, state, made, forward }: ContainerNetwork,
  folders: Folders,
  hosts: string,
): Promise<boolean> {
  const { root } = folders
  if (!made && !(await apart(() => makeNetworks(networks, folders, forward)))) return false
  for (const { id } of networks) makeFolder(leaseFolder(root, id))
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
  const isForeseen = state.endpoints.every((endpoint) => unforeseen(endpoint).length === 0)
  if (isForeseen && state.hosts === undefined) return true
  const { noteStart, sweepStarts } = await import('./begun-starts.ts')
  sweepStarts(root)
  noteStart(root, state)
  if (!isForeseen)
    (await import('../../network/source-checks.ts')).ownAddresses('NFT_MSG_NEWSETELEM', state.endpoints)
  if (state.hosts !== undefined) await joinNeighbours(root, state, hosts)
  return true
}

interface Folders {
  readonly root: string
  readonly dataRoot: string
}

/** @returns false where another start was faster, and made the default network another way */
async function makeNetworks(
  networks: readonly Network[],
  folders: Folders,
  forward: ContainerNetwork['forward'],
): Promise<boolean> {
  const { root, dataRoot } = folders
  const wasUp = lookForFirewall() === 0
  const { locked, makeBridge } = await import('../../network/bridge.ts')
  for (const network of networks) {
    if (
      network.name === DEFAULT_NETWORK &&
      !locked(`${root}/networks`, () => keepDefaultNetwork(dataRoot, network))
    )
      return false
    if (network.driver === 'bridge') makeBridge(root, network)
  }
  if (forward) {
    const { forwardResolver } = await import('../../network/host-resolver.ts')
    locked(`${root}/networks`, () => forwardResolver(root, forward.gateway, forward.server))
  }
  if (!wasUp) (await import('./restore-firewall.ts')).restoreFirewall(folders)
  return true
}

async function joinNeighbours(root: string, { id, endpoints }: NetworkState, hosts: string): Promise<void> {
  const [{ locked }, { joinHosts }] = await Promise.all([
    import('../../network/bridge.ts'),
    import('../../network/hosts-files.ts'),
  ])
  for (const { networkId } of endpoints) sweepLeases(root, networkId)
  locked(`${root}/networks`, () => joinHosts(root, id, endpoints, hosts))
}
