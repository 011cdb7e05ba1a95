/**
 * What a container has of networks: endpoints and ports are chosen from what the host has (and `plan` prints them), then
 * taken when the container starts. Its journal says what to give back.
 */
import { StateError, UsageError } from '../../errors.ts'
import { defaultNetwork } from '../../network/default-network.ts'
import { chooseEndpoint, deviceOf, type Endpoint, indexFor } from '../../network/endpoint.ts'
import { isForwarded, loopbackResolver } from '../../network/host-resolver.ts'
import { lookForDevice, lookForFirewall } from '../../network/look.ts'
import { bridgeName, DEFAULT_NETWORK, findNetwork, type Network } from '../../network/network.ts'
import type { NetworkDevice } from '../../plan/network-device.ts'
import type { PublishedPort } from '../../plan/published-ports.ts'
import type { NetworkProgram } from '../../plan/user-mode-network.ts'
import type { RunOptions } from '../run-options.ts'
import type { CniNetwork } from './cni/config.ts'
import { type EndpointRequest, isNamedNetwork } from './network-flag.ts'
import type { PortRequest } from './port-flag.ts'
import { publishPorts } from './publish-ports.ts'

/** What must be given back, and what `inspect` shows: the file `network` in the container's state folder. */
export interface NetworkState {
  readonly id: string
  readonly name?: string
  readonly endpoints: readonly Endpoint[]
  readonly ports: readonly PublishedPort[]
  /** The hosts file that lists the neighbours, where there are names to find. */
  readonly hosts?: string
  /** Of a network that plugins make: its configuration, and what of it is this container's. */
  readonly cni?: { readonly network: CniNetwork; readonly runtimeConfig: Readonly<Record<string, unknown>> }
  /** Who answers questions for names, where that is not one of the host's resolvers. */
  readonly resolver?: string
}

export interface ContainerNetwork {
  readonly networks: readonly Network[]
  /** All that they need is there. */
  readonly made: boolean
  /** The host's own resolver, which the gateway is to lead to. */
  readonly forward?: { readonly gateway: string; readonly server: string }
  readonly devices: readonly NetworkDevice[]
  readonly state: NetworkState
  /** Makes the devices, where we may not. */
  readonly program?: NetworkProgram
}

interface Surroundings {
  readonly id: string
  readonly root: string
  readonly dataRoot: string
}

/** @returns undefined where the container has no network of ours @throws UsageError, StateError */
export function chooseNetwork(
  options: RunOptions,
  exposed: readonly string[],
  { id, root, dataRoot }: Surroundings,
): ContainerNetwork | undefined {
  if (!isNamedNetwork(options.network)) return undefined
  const hung = options.endpoints.map((request) => ({ request, network: networkOf(request, dataRoot) }))
  refuseTwice(hung.map(({ network }) => network))
  const endpoints = hung.map(({ request, network }, i) => ({
    network,
    ...chooseEndpoint(root, network, id, i, wishOf(request, network, options, id)),
  }))
  const out = wayOut(hung)
  const outward = endpoints.filter(({ network }) => !network.internal)
  const state: NetworkState = {
    id,
    ...(options.name === undefined ? {} : { name: options.name }),
    endpoints: endpoints.map(({ endpoint }) => endpoint),
    ports: publishPorts(
      portRequests(options, exposed),
      outward.map(({ endpoint }) => endpoint),
      outward.map(({ network }) => network.options[HOST_BINDING]).find((address) => address !== undefined),
    ),
    ...(endpoints.some(({ endpoint }) => endpoint.names.length > 0)
      ? { hosts: `${root}/networks/hosts/${id}` }
      : {}),
  }
  const forward = forwarding(
    options,
    endpoints.map(({ endpoint }) => endpoint),
  )
  const upper = endpoints.map(({ network }) => upperIndex(network))
  const bridges = endpoints.filter(({ network }) => network.driver === 'bridge')
  return {
    networks: endpoints.map(({ network }) => network),
    made:
      upper.every(({ made }) => made) &&
      (bridges.length === 0 || lookForFirewall() === 0) &&
      (!forward || isForwarded(root, forward.gateway, forward.server)),
    state: { ...state, ...(forward ? { resolver: forward.gateway } : {}) },
    ...(forward ? { forward } : {}),
    devices: endpoints.map((one, i) => ({
      ...deviceOf(one.network, one, upper[i]!.index, i === out),
      ...rateOf(options),
    })),
  }
}

/** Only a bridge's gateway is this host. */
function forwarding({ dns }: RunOptions, endpoints: readonly Endpoint[]): ContainerNetwork['forward'] {
  const gateway = endpoints
    .filter(({ hostDevice }) => hostDevice !== undefined)
    .flatMap(({ gateways }) => gateways)
    .find((address) => address.includes('.'))
  const server = gateway !== undefined && dns.servers.length === 0 ? loopbackResolver() : undefined
  return gateway !== undefined && server !== undefined ? { gateway, server } : undefined
}

function networkOf({ network, ipv4, ipv6 }: EndpointRequest, dataRoot: string): Network {
  if (network !== DEFAULT_NETWORK) {
    const found = findNetwork(dataRoot, network)
    if (ipv6 !== undefined && !found.ipv6)
      throw new UsageError(
        'invalid endpoint settings: user specified IPv6 address is supported only when connecting to networks with IPv6 subnets',
      )
    return found
  }
  if (ipv4 !== undefined || ipv6 !== undefined)
    throw new StateError('user specified IP address is supported on user defined networks only')
  return defaultNetwork(dataRoot)
}

function refuseTwice(networks: readonly Network[]): void {
  const twice = networks.find(({ id }, i) => networks.findIndex((other) => other.id === id) !== i)
  if (twice) throw new UsageError(`network "${twice.name}" is specified multiple times`)
}

/** What `-p 8080:80` binds for containers on a network. */
const HOST_BINDING = 'com.docker.network.bridge.host_binding_ipv4'

/** On a user's network containers find one another by name, alias and short id; on the default one they do not. */
function wishOf(request: EndpointRequest, { name }: Network, options: RunOptions, id: string) {
  const { aliases, ipv4, ipv6, mac, device } = request
  const names =
    name === DEFAULT_NETWORK
      ? []
      : [...new Set([...(options.name === undefined ? [] : [options.name]), ...aliases, id.slice(0, 12)])]
  return {
    names,
    ...(ipv4 === undefined ? {} : { ipv4 }),
    ...(ipv6 === undefined ? {} : { ipv6 }),
    ...(mac === undefined ? {} : { mac }),
    ...(device === undefined ? {} : { device }),
  }
}

/** Which network leads to everywhere else: the one of the highest priority, else the first with a way out. */
function wayOut(hung: readonly { request: EndpointRequest; network: Network }[]): number {
  let best = -1
  hung.forEach(({ request, network }, i) => {
    if (network.internal) return
    if (best < 0 || (request.gatewayPriority ?? 0) > (hung[best]!.request.gatewayPriority ?? 0)) best = i
  })
  return best
}

/** The bridge's index, or the one it will have; of a part of a device of the host, that device's. */
function upperIndex(network: Network): { index: number; made: boolean } {
  const { driver, options } = network
  const name = driver === 'bridge' ? bridgeName(network) : (options.parent ?? '')
  const index = lookForDevice(name)
  if (index !== undefined) return { index, made: true }
  if (driver === 'bridge') return { index: indexFor(name), made: false }
  throw new StateError(
    `the network ${network.name} is on the device "${name}", which this host does not have`,
  )
}

/** A burst that nobody names is what passes in 20 ms, and never less than one large packet of the kernel's (TSO). */
function rateOf({ networkRate, networkBurst }: RunOptions): Pick<NetworkDevice, 'rate'> {
  if (networkRate === undefined) return {}
  const burstBytes = networkBurst ?? Math.max(64 * 1024, Math.ceil(networkRate / 50))
  return { rate: { bytesPerSecond: networkRate, burstBytes } }
}

/** `-p`, and with `-P` every port that the image or `--expose` names and that is not published yet. */
export function portRequests(
  { ports, publishAll, expose }: RunOptions,
  exposed: readonly string[],
): PortRequest[] {
  if (!publishAll) return ports
  const published = new Set(ports.map(({ port, protocol }) => `${port}/${protocol}`))
  const more = [...new Set([...exposed, ...expose])].filter((one) => !published.has(one))
  return [
    ...ports,
    ...more.flatMap((one): PortRequest[] => {
      const [, port, protocol = 'tcp'] = /^(\d+)(?:\/(tcp|udp|sctp))?$/.exec(one) ?? []
      return port === undefined ? [] : [{ port: Number(port), protocol: protocol as PortRequest['protocol'] }]
    }),
  ]
}
