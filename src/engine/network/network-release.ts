/** Gives back what a container had of networks, where its plan could not: from its file `network`. */
import { AT, NETLINK } from '../../linux/abi/flags.ts'
import { attempt } from '../../linux/call.ts'
import { readTextIfAny } from '../../linux/file.ts'
import { attemptTransaction } from '../../linux/netlink.ts'
import { locked } from '../../network/bridge.ts'
import { leaveHosts } from '../../network/hosts-files.ts'
import { releaseLease } from '../../network/leases.ts'
import { ownAddresses } from '../../network/source-checks.ts'
import { portMessages } from '../../plan/published-ports.ts'
import type { NetworkState } from './container-network.ts'

/** All of it, or what is left of it: nothing here must have been made. @param text of the file */
export async function releaseNetwork(stateFolder: string, text: string): Promise<void> {
  const { id, endpoints, ports, cni } = parseNetworkState(text)
  if (cni) return leaveNames(stateFolder, text)
  for (const port of ports) attemptTransaction(NETLINK.NETFILTER, portMessages('NFT_MSG_DELSETELEM', [port]))
  await leaveNames(stateFolder, text)
  for (const path of endpoints.flatMap(({ leases }) => leases)) releaseLease(path, id)
}

/** What says of a start that has no state folder yet what it took (begun-starts.ts). */
export const begunStart = (root: string, id: string): string => `${root}/networks/begun/${id}`

/** Its names go out of its neighbours' files, its own file goes, and what was said of its addresses. */
export async function leaveNames(stateFolder: string, text: string): Promise<void> {
  const state = parseNetworkState(text)
  if (state.cni) return (await import('./cni/join.ts')).leaveCni(stateFolder, state)
  const { id, endpoints, hosts } = state
  ownAddresses('NFT_MSG_DELSETELEM', endpoints)
  const root = stateFolder.slice(0, stateFolder.lastIndexOf('/'))
  if (hosts !== undefined) locked(`${root}/networks`, () => leaveHosts(root, id, endpoints, true))
  attempt('unlinkat', [AT.FDCWD, begunStart(root, id), 0])
}

const parseNetworkState = (text: string): NetworkState => JSON.parse(text) as NetworkState

/** What a container has of networks now; undefined where it has none, or does not run. */
export function readNetworkState(root: string, id: string): NetworkState | undefined {
  const text = readTextIfAny(`${root}/${id}/network`)
  return text ? parseNetworkState(text) : undefined
}
