/** Gives back what a container had of networks, where its plan could not: from its file `network`. */
import { NETLINK } from '../../linux/abi/flags.ts'
import { readTextIfAny } from '../../linux/file.ts'
import { attemptTransaction } from '../../linux/netlink.ts'
import { locked } from '../../network/bridge.ts'
import { leaveHosts } from '../../network/hosts-files.ts'
import { releaseLease } from '../../network/leases.ts'
import { ownAddresses } from '../../network/source-checks.ts'
import { portMessages } from '../../plan/published-ports.ts'
import type { NetworkState } from './container-network.ts'

/** All of it, or what is left of it: nothing here must have been made. @param text of the file */
export function releaseNetwork(stateFolder: string, text: string): void {
  const { id, endpoints, ports } = parseNetworkState(text)
  for (const port of ports) attemptTransaction(NETLINK.NETFILTER, portMessages('NFT_MSG_DELSETELEM', [port]))
  leaveNames(stateFolder, text)
  for (const path of endpoints.flatMap(({ leases }) => leases)) releaseLease(path, id)
}

/** Its names go out of its neighbours' files, its own file goes, and what was said of its addresses. */
export function leaveNames(stateFolder: string, text: string): void {
  const { id, endpoints, hosts } = parseNetworkState(text)
  ownAddresses('NFT_MSG_DELSETELEM', endpoints)
  const root = stateFolder.slice(0, stateFolder.lastIndexOf('/'))
  if (hosts !== undefined) locked(`${root}/networks`, () => leaveHosts(root, id, endpoints, true))
}

const parseNetworkState = (text: string): NetworkState => JSON.parse(text) as NetworkState

/** What a container has of networks now; undefined where it has none, or does not run. */
export function readNetworkState(root: string, id: string): NetworkState | undefined {
  const text = readTextIfAny(`${root}/${id}/network`)
  return text ? parseNetworkState(text) : undefined
}
