/** Networks as the commands see them: what there is, who is on it, making and removing one. */
import { StateError, UsageError } from '../../errors.ts'
import { removeBridge } from '../../network/bridge.ts'
import { defaultNetwork, randomNetworkId, timestamp } from '../../network/default-network.ts'
import { removeLeases, sweepLeases } from '../../network/leases.ts'
import {
  type AddressPool,
  BUILT_IN,
  bridgeName,
  DEFAULT_NETWORK,
  type Driver,
  forgetNetwork,
  isNetworkName,
  listNetworks,
  type Network,
  readNetwork,
  writeNetwork,
} from '../../network/network.ts'
import { freePool, localIpv6Pool, refuseOverlap, withGateway } from '../../network/pools.ts'
import { contains, parseSubnet } from '../../network/subnet.ts'
import { listContainers } from '../container/list.ts'
import type { ContainerFolders } from '../container/record.ts'
import { sweepStarts } from './begun-starts.ts'
import type { NetworkState } from './container-network.ts'
import { readNetworkState } from './network-release.ts'
import { requireRoot } from './require-root.ts'

/** `host` and `none` have no record, and ids that are always the same. */
export interface NetworkInfo extends Omit<Network, 'driver'> {
  readonly driver: Driver | 'host' | 'null'
}

const builtIn = (name: string, driver: 'host' | 'null', digit: string): NetworkInfo => ({
  version: 1,
  name,
  id: digit.repeat(64),
  created: '1970-01-01T00:00:00.000000000Z',
  driver,
  internal: false,
  attachable: false,
  ipv4: true,
  ipv6: false,
  pools: [],
  options: {},
  labels: {},
})

/** All of them, by name; `bridge` as it is or as it would be. */
export function allNetworks(dataRoot: string): NetworkInfo[] {
  const kept = listNetworks(dataRoot)
  return [
    ...(kept.some(({ name }) => name === DEFAULT_NETWORK) ? [] : [defaultNetwork(dataRoot)]),
    ...kept,
    builtIn('host', 'host', '1'),
    builtIn('none', 'null', '0'),
  ].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** By name, id or the beginning of an id. @throws StateError with Docker's words */
export function networkInfo(dataRoot: string, wanted: string): NetworkInfo {
  const all = allNetworks(dataRoot)
  const named = all.find(({ name, id }) => name === wanted || id === wanted)
  if (named) return named
  const found = wanted === '' ? [] : all.filter(({ id }) => id.startsWith(wanted))
  if (found.length > 1)
    throw new StateError(`network ${wanted} is ambiguous (${found.length} matches found based on ID prefix)`)
  if (!found[0]) throw new StateError(`network ${wanted} not found`)
  return found[0]
}

/** A container that runs on a network. */
export interface Member {
  readonly id: string
  readonly name: string
  readonly endpoint: NetworkState['endpoints'][number]
}

export function membersOf({ root, dataRoot }: ContainerFolders, { id }: NetworkInfo): Member[] {
  return listContainers(dataRoot).flatMap((container) =>
    (readNetworkState(root, container.id)?.endpoints ?? [])
      .filter((endpoint) => endpoint.networkId === id)
      .map((endpoint) => ({ id: container.id, name: container.name, endpoint })),
  )
}

export interface NetworkRequest {
  readonly name: string
  readonly driver: string
  readonly internal: boolean
  readonly attachable: boolean
  readonly ipv4: boolean
  readonly ipv6: boolean
  readonly subnets: readonly string[]
  readonly gateways: readonly string[]
  readonly ranges: readonly string[]
  readonly auxiliary: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
}

const DRIVERS = ['bridge', 'macvlan', 'ipvlan']

/** @throws StateError, UsageError with Docker's words */
export function createNetwork(dataRoot: string, request: NetworkRequest): Network {
  const { name, driver } = request
  requireRoot(`the network ${name}`)
  if (!isNetworkName(name))
    throw new StateError(`invalid network name: ${name}: only [a-zA-Z0-9][a-zA-Z0-9_.-]* are allowed`)
  if ((BUILT_IN as readonly string[]).includes(name))
    throw new StateError(`operation is not permitted on predefined ${name} network`)
  if (!DRIVERS.includes(driver))
    throw new StateError(
      driver === 'host' || driver === 'null' || driver === 'none'
        ? `only one instance of "${driver}" network is allowed`
        : `could not find plugin ${driver} in v1 plugin registry: plugin not found`,
    )
  if (readNetwork(dataRoot, name)) throw new StateError(`network with name ${name} already exists`)
  const id = randomNetworkId()
  const pools = poolsOf(dataRoot, id, request)
  if (driver === 'bridge') refuseOverlap(listNetworks(dataRoot), pools)
  const network: Network = {
    version: 1,
    name,
    id,
    created: timestamp(),
    driver: driver as Driver,
    internal: request.internal,
    attachable: request.attachable,
    ipv4: request.ipv4,
    ipv6: request.ipv6,
    pools,
    options: request.options,
    labels: request.labels,
  }
  refuseSameBridge(dataRoot, network)
  writeNetwork(dataRoot, network)
  return network
}

function refuseSameBridge(dataRoot: string, network: Network): void {
  const name = bridgeName(network)
  if (new TextEncoder().encode(name).length > 15)
    throw new StateError(`invalid bridge name ${name}: longer than 15 bytes`)
  if (network.driver !== 'bridge') return
  const other = listNetworks(dataRoot).find((one) => one.driver === 'bridge' && bridgeName(one) === name)
  if (other) throw new StateError(`bridge name already in use by network ${other.name}: ${name}`)
}

/** Each gateway and range belongs to the subnet that contains it. */
function poolsOf(dataRoot: string, id: string, request: NetworkRequest): AddressPool[] {
  const pools = request.subnets.map((text) => poolOf(text, request))
  for (const gateway of request.gateways)
    if (!pools.some((pool) => pool.gateway === gateway))
      throw new UsageError(`no matching subnet for gateway ${gateway}`)
  for (const range of request.ranges)
    if (!pools.some((pool) => pool.ipRange === range))
      throw new UsageError(`no matching subnet for range ${range}`)
  const hasSix = pools.some(({ subnet }) => subnet.includes(':'))
  const hasFour = pools.some(({ subnet }) => !subnet.includes(':'))
  return [
    ...(request.ipv4 && !hasFour ? [freePool(listNetworks(dataRoot))] : []),
    ...pools,
    ...(request.ipv6 && !hasSix ? [localIpv6Pool(id)] : []),
  ]
}

function poolOf(text: string, { gateways, ranges, auxiliary }: NetworkRequest): AddressPool {
  const inside = (address: string): boolean => contains(parseSubnet(text), address)
  const gateway = gateways.find(inside)
  const ipRange = ranges.find((range) => inside(range.split('/')[0] ?? ''))
  const taken = Object.entries(auxiliary).filter(([, address]) => inside(address))
  return withGateway(text, {
    ...(gateway === undefined ? {} : { gateway }),
    ...(ipRange === undefined ? {} : { ipRange }),
    ...(taken.length === 0 ? {} : { auxiliary: Object.fromEntries(taken) }),
  })
}

/** @throws StateError with Docker's words where it is in use, or cannot go */
export function removeNetwork(folders: ContainerFolders, wanted: string): Network {
  const info = networkInfo(folders.dataRoot, wanted)
  if ((BUILT_IN as readonly string[]).includes(info.name))
    throw new StateError(`${info.name} is a pre-defined network and cannot be removed`)
  const network = info as Network
  const [first, ...more] = membersOf(folders, network)
  if (first)
    throw new StateError(
      `error while removing network: network ${network.name} id ${network.id} has active endpoints (${[first, ...more].map(({ name, id }) => `name:"${name}" id:"${id.slice(0, 12)}"`).join(', ')})`,
    )
  sweepStarts(folders.root)
  sweepLeases(folders.root, network.id)
  if (network.driver === 'bridge') removeBridge(folders.root, network)
  removeLeases(folders.root, network.id)
  forgetNetwork(folders.dataRoot, network)
  return network
}
