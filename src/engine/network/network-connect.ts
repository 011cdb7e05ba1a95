/**
 * `network connect` and `disconnect`: a device more or less for a container. While it runs the kernel is asked directly;
 * its record says it for the next start.
 */
import { StateError } from '../../errors.ts'
import { O } from '../../linux/abi/arch.ts'
import { AT, CLONE, IFF, NETLINK } from '../../linux/abi/flags.ts'
import { message } from '../../linux/abi/netlink/messages.ts'
import { call } from '../../linux/call.ts'
import { readTextIfAny, writeFileAtomically } from '../../linux/file.ts'
import { linkIndex, openNetlink, transact, withNetlink } from '../../linux/netlink.ts'
import { locked, makeBridge } from '../../network/bridge.ts'
import { keepDefaultNetwork } from '../../network/default-network.ts'
import { chooseEndpoint, deviceOf, type Endpoint } from '../../network/endpoint.ts'
import { hostsFileOf, joinHosts, leaveHosts } from '../../network/hosts-files.ts'
import { releaseLease, takeLease } from '../../network/leases.ts'
import { DEFAULT_NETWORK, type Network } from '../../network/network.ts'
import { ownAddresses } from '../../network/source-checks.ts'
import { addressMessages, deviceMessages } from '../../plan/network-device.ts'
import { type Container, findContainer } from '../container/list.ts'
import { type ContainerFolders, writeRecord } from '../container/record.ts'
import type { NetworkState } from './container-network.ts'
import { type EndpointRequest, isNamedNetwork } from './network-flag.ts'
import { readNetworkState } from './network-release.ts'
import { networkInfo } from './networks.ts'

/** @throws StateError with Docker's words */
export function connect(
  folders: ContainerFolders,
  word: string,
  request: EndpointRequest,
): { container: Container; network: Network } {
  const container = findContainer(folders.dataRoot, word)
  const network = ownNetwork(folders, request.network)
  const { options } = container.record
  if (!isNamedNetwork(options.network) && options.network !== 'none')
    throw new StateError(
      `container sharing network namespace with another container or host cannot be connected to any other network`,
    )
  const hung = { ...request, network: network.name }
  if (options.endpoints.some((one) => one.network === network.name))
    throw new StateError(`endpoint with name ${container.name} already exists in network ${network.name}`)
  if (container.state.pid !== 0) plug(folders, container, network, hung)
  const endpoints = [...options.endpoints, hung]
  writeRecord(folders.dataRoot, {
    ...container.record,
    options: { ...options, endpoints, network: options.network === 'none' ? network.name : options.network },
  })
  return { container, network }
}

function ownNetwork({ dataRoot }: ContainerFolders, wanted: string): Network {
  const info = networkInfo(dataRoot, wanted)
  if (info.driver === 'host')
    throw new StateError(
      'cannot connect container to host network - container must be created in host network mode',
    )
  if (info.driver === 'null') throw new StateError('cannot connect container to none network')
  return info as Network
}

function plug(
  folders: ContainerFolders,
  container: Container,
  network: Network,
  request: EndpointRequest,
): void {
  const { root, dataRoot } = folders
  const { id, state, name } = container
  if (network.name === DEFAULT_NETWORK) keepDefaultNetwork(dataRoot, network)
  const bridge = network.driver === 'bridge' ? makeBridge(root, network) : undefined
  const before = readNetworkState(root, id) ?? { id, endpoints: [], ports: [] }
  const number = before.endpoints.reduce(
    (next, { device }) => Math.max(next, Number(/^eth(\d+)$/.exec(device)?.[1] ?? -1) + 1),
    0,
  )
  const names =
    network.name === DEFAULT_NETWORK ? [] : [...new Set([name, ...request.aliases, id.slice(0, 12)])]
  const { aliases: _, network: __, gatewayPriority: ___, ...wish } = request
  const chosen = chooseEndpoint(root, network, id, number, { ...wish, names })
  const { endpoint } = chosen
  for (const path of endpoint.leases) if (!takeLease(path, id)) throw new StateError('Address already in use')
  try {
    const upper = bridge ?? withNetlink(NETLINK.ROUTE, (fd) => linkIndex(fd, network.options.parent ?? ''))
    if (upper === undefined) throw new StateError(`the device "${network.options.parent}" is not there`)
    const wayOut = before.endpoints.every(({ gateways }) => gateways.length === 0)
    const device = deviceOf(network, chosen, upper, wayOut)
    withNetlink(NETLINK.ROUTE, (fd) => transact(fd, deviceMessages(device, state.pid)))
    inNamespaceOf(state.pid, (fd) => transact(fd, addressMessages(device)))
  } catch (error) {
    for (const path of endpoint.leases) releaseLease(path, id)
    throw error
  }
  ownAddresses('NFT_MSG_NEWSETELEM', [endpoint])
  if (endpoint.names.length > 0) {
    const hosts = hostsFileOf(root, id)
    locked(`${root}/networks`, () => joinHosts(root, id, [endpoint], readTextIfAny(hosts) ?? '', hosts))
  }
  writeState(root, { ...before, endpoints: [...before.endpoints, endpoint] })
}

/** Work with a socket of the container's network namespace; the calling thread comes back. */
function inNamespaceOf(pid: number, work: (fd: number) => void): void {
  const open = (path: string): number => call('openat', [AT.FDCWD, path, O.RDONLY | O.CLOEXEC, 0])
  const own = open('/proc/thread-self/ns/net')
  const theirs = open(`/proc/${pid}/ns/net`)
  let fd: number
  try {
    call('setns', [theirs, CLONE.NEWNET])
    try {
      fd = openNetlink(NETLINK.ROUTE)
    } finally {
      call('setns', [own, CLONE.NEWNET])
    }
  } finally {
    call('close', [own])
    call('close', [theirs])
  }
  try {
    work(fd)
  } finally {
    call('close', [fd])
  }
}

const writeState = (root: string, state: NetworkState): void =>
  writeFileAtomically(`${root}/${state.id}/network`, JSON.stringify(state), 0o644)

/** @throws StateError with Docker's words */
export function disconnect(
  folders: ContainerFolders,
  word: string,
  wanted: string,
  force: boolean,
): { container: Container; network: Network } {
  const container = findContainer(folders.dataRoot, word)
  const network = ownNetwork(folders, wanted)
  const { options } = container.record
  if (!options.endpoints.some((one) => one.network === network.name)) {
    if (!force) throw new StateError(`container ${container.id} is not connected to network ${network.name}`)
    return { container, network }
  }
  if (container.state.pid !== 0) unplug(folders.root, container, network)
  const endpoints = options.endpoints.filter((one) => one.network !== network.name)
  writeRecord(folders.dataRoot, {
    ...container.record,
    options: { ...options, endpoints, network: endpoints[0]?.network ?? 'none' },
  })
  return { container, network }
}

function unplug(root: string, { id, state }: Container, network: Network): void {
  const before = readNetworkState(root, id)
  const endpoint = before?.endpoints.find(({ networkId }) => networkId === network.id)
  if (!before || !endpoint) return
  inNamespaceOf(state.pid, (fd) => removeDevice(fd, endpoint))
  ownAddresses('NFT_MSG_DELSETELEM', [endpoint])
  if (endpoint.names.length > 0) locked(`${root}/networks`, () => leaveHosts(root, id, [endpoint], false))
  for (const path of endpoint.leases) releaseLease(path, id)
  writeState(root, { ...before, endpoints: before.endpoints.filter((one) => one !== endpoint) })
}

/** Both ends of a pair go with one. */
function removeDevice(fd: number, { device }: Endpoint): void {
  const index = linkIndex(fd, device)
  if (index === undefined) return
  transact(fd, [
    message('RTM_NEWLINK', 0, { ifi_index: index, ifi_flags: 0, ifi_change: IFF.UP }),
    message('RTM_DELLINK', 0, { ifi_index: index }),
  ])
}
