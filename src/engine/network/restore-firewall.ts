/**
 * What `nft flush ruleset`, or a firewall that is loaded anew, took away: the tables, what they know of each network, and
 * the ports of the containers that run. All of it is said in files; saying it twice changes nothing.
 */
import { NETLINK } from '../../linux/abi/flags.ts'
import { fileType, listFolder } from '../../linux/file.ts'
import { attemptTransaction, linkIndex, withNetlink } from '../../linux/netlink.ts'
import { makeBridge } from '../../network/bridge.ts'
import { forwardAgain } from '../../network/host-resolver.ts'
import { bridgeName, listNetworks } from '../../network/network.ts'
import { ownAddresses } from '../../network/source-checks.ts'
import { portMessages } from '../../plan/published-ports.ts'
import type { ContainerFolders } from '../container/record.ts'
import type { NetworkState } from './container-network.ts'
import { readNetworkState } from './network-release.ts'

/** @returns the ids of the containers that have networks */
export function restoreFirewall({ root, dataRoot }: ContainerFolders): string[] {
  for (const network of listNetworks(dataRoot))
    if (network.driver === 'bridge' && hasDevice(bridgeName(network))) makeBridge(root, network)
  forwardAgain(root)
  const states = listFolder(root).flatMap((id) => runningState(root, id) ?? [])
  for (const { endpoints, ports } of states) {
    ownAddresses('NFT_MSG_NEWSETELEM', endpoints)
    // One by one: what is there already is refused.
    for (const port of ports)
      attemptTransaction(NETLINK.NETFILTER, portMessages('NFT_MSG_NEWSETELEM', [port]))
  }
  return states.map(({ id }) => id)
}

const hasDevice = (name: string): boolean =>
  withNetlink(NETLINK.ROUTE, (fd) => linkIndex(fd, name)) !== undefined

const runningState = (root: string, id: string): NetworkState | undefined =>
  fileType(`${root}/${id}/network`) === undefined ? undefined : readNetworkState(root, id)
