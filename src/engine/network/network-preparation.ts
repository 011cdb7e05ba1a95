/** A container's networks in what is prepared for its start: loaded only for those who have one. */
import { fileType } from '../../linux/file.ts'
import { spoilPremises } from '../../linux/premises.ts'
import { unforeseen } from '../../network/foreseen.ts'
import type { Config } from '../../oci/runtime-spec.ts'
import { ownCommand } from '../../runtime/own-command.ts'
import type { ContainerPlanInput } from '../container-plan.ts'
import type { Launch } from '../launch.ts'
import type { RunOptions } from '../run-options.ts'
import type { ContainerNetwork } from './container-network.ts'
import { isCni, isNamedNetwork, isUserMode } from './network-flag.ts'
import { requireRoot } from './require-root.ts'

interface Folders {
  readonly root: string
  readonly dataRoot: string
}

/** @param exposed the image's ports, as `80/tcp` */
export async function prepareNetwork(
  options: RunOptions,
  exposed: readonly string[],
  id: string,
  { root, dataRoot }: Folders,
): Promise<ContainerNetwork | undefined> {
  if (isUserMode(options.network)) {
    const [{ chooseUserMode }, { portRequests }] = await Promise.all([
      import('./user-mode.ts'),
      import('./container-network.ts'),
    ])
    return chooseUserMode(options, portRequests(options, exposed), { id, stateFolder: `${root}/${id}` })
  }
  if (isCni(options.network)) {
    const [{ chooseCni }, { portRequests }] = await Promise.all([
      import('./cni/choose.ts'),
      import('./container-network.ts'),
    ])
    return chooseCni(options, portRequests(options, exposed), id)
  }
  if (!isNamedNetwork(options.network)) return undefined
  requireRoot(`the network ${options.network}`)
  const { chooseNetwork } = await import('./container-network.ts')
  const network = chooseNetwork(options, exposed, { id, root, dataRoot })
  if (network && hasMoreToLeave(network)) spoilPremises()
  return network
}

/** Names are written into the files of others; some addresses are said to be its own; plugins take back what they gave. */
const hasMoreToLeave = ({ state, program }: ContainerNetwork): boolean =>
  state.hosts !== undefined ||
  state.cni !== undefined ||
  (program === undefined && state.endpoints.some((endpoint) => unforeseen(endpoint).length > 0))

/** What of it the plan needs. */
export function networkInput(
  network: ContainerNetwork | undefined,
): Pick<ContainerPlanInput, 'network' | 'joinNetworks' | 'leaveNetworks'> {
  if (!network) return {}
  const { devices, state, program } = network
  return {
    network: { devices, state, ...(program ? { program } : {}) },
    ...(state.cni ? { joinNetworks: ownCommand('join-cni') } : {}),
    ...(hasMoreToLeave(network) ? { leaveNetworks: ownCommand('leave-networks') } : {}),
  }
}

/** What of it happens before the plan. @param hosts the text of its hosts file */
export const networkLaunch = (
  network: ContainerNetwork | undefined,
  folders: Folders,
  hosts: string,
): Pick<Launch, 'takeNetwork'> =>
  network
    ? { takeNetwork: async () => (await import('./network-start.ts')).takeNetwork(network, folders, hosts) }
    : {}

/** Neighbours are not believed: no routes, no redirects of theirs; who has no IPv6 has not even a link-local address. */
export function setNetworkParameters({ linux }: Config, network: ContainerNetwork | undefined): void {
  if (!linux || !network) return
  const parameters: Record<string, string> = { 'net.ipv4.conf.all.accept_redirects': '0' }
  const six = fileType('/proc/sys/net/ipv6') !== undefined
  for (const { name, addresses } of network.devices) {
    parameters[`net.ipv4.conf.${name}.accept_redirects`] = '0'
    if (!six) continue
    if (addresses.some(({ address }) => address.includes(':'))) {
      parameters[`net.ipv6.conf.${name}.accept_ra`] = '0'
      parameters[`net.ipv6.conf.${name}.accept_redirects`] = '0'
    } else parameters[`net.ipv6.conf.${name}.disable_ipv6`] = '1'
  }
  linux.sysctl = { ...parameters, ...linux.sysctl }
}

export const addressesOf = (network: ContainerNetwork | undefined): string[] =>
  (network?.state.endpoints ?? []).flatMap(({ addresses }) => addresses.map(({ address }) => address))
