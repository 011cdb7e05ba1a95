/** A container on a network: its addresses there, and the device they are on. */
import type { NetworkDevice } from '../plan/network-device.ts'
import { chooseLease, type Lease } from './leases.ts'
import { macOfAddress } from './mac.ts'
import { bridgeName, mtuOf, type Network } from './network.ts'

/** What is known of it while the container runs; in its journal. */
export interface Endpoint {
  readonly network: string
  readonly networkId: string
  /** `eth0`; and the host's end of it, where there is one. */
  readonly device: string
  readonly hostDevice?: string
  readonly mac: string
  readonly addresses: readonly { readonly address: string; readonly prefixLength: number }[]
  readonly gateways: readonly string[]
  /** Names that other containers on the network find it by. */
  readonly names: readonly string[]
  /** The files of its leases. */
  readonly leases: readonly string[]
}

export interface EndpointWish {
  readonly ipv4?: string
  readonly ipv6?: string
  readonly mac?: string
  readonly device?: string
  readonly names: readonly string[]
}

/** Of all the devices in a container: out of the way of those that the kernel makes in every new namespace. */
const FIRST_INDEX = 16
/** Out of the way of those that the kernel counts up: these and a process id, and those of bridges. */
const HOST_INDICES = 0x40000000

const BRIDGE_INDICES = 0x20000000

/** A number of 29 bits that nothing else on this host has, in all likelihood, and that is the same each time. */
export function indexFor(text: string): number {
  let hash = 2166136261
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619)
  return BRIDGE_INDICES + ((hash >>> 0) & 0x1fffffff)
}

/**
 * The endpoint of container `id` on a network, its addresses chosen but not yet taken.
 * @param number which of the container's devices it is
 * @throws UsageError where the network has no such address, or none left
 */
export function chooseEndpoint(
  root: string,
  network: Network,
  id: string,
  number: number,
  wish: EndpointWish,
): { endpoint: Endpoint; index: number; hostIndexBase: number } {
  const leases = network.pools.map((pool): Lease => {
    const wanted = pool.subnet.includes(':') ? wish.ipv6 : wish.ipv4
    return chooseLease(root, network.id, pool, wanted)
  })
  const four = leases.find(({ address }) => address.includes('.'))
  const mac = wish.mac ?? macOfAddress((four ?? leases[0])?.address ?? '0.0.0.0')
  const hostDevice = `${isGuarded(network) ? GUARDED : UNGUARDED}${id.slice(0, 12)}${number === 0 ? '' : number.toString(36)}`
  const gateways = network.internal ? [] : network.pools.flatMap(({ gateway }) => gateway ?? [])
  return {
    index: FIRST_INDEX + number,
    hostIndexBase: HOST_INDICES + (number << 24),
    endpoint: {
      network: network.name,
      networkId: network.id,
      device: wish.device ?? `eth${number}`,
      ...(network.driver === 'bridge' ? { hostDevice } : {}),
      mac,
      addresses: leases.map(({ address, prefixLength }) => ({ address, prefixLength })),
      gateways,
      names: wish.names,
      leases: leases.map(({ path }) => path),
    },
  }
}

/** How the host's ends of devices are called, whose containers send under their own addresses alone (source-checks.ts). */
export const GUARDED = 'tc'
const UNGUARDED = 'tu'

/** `-o tinyctr.source_checks=false` lets the containers of a network be routers. */
const isGuarded = ({ options }: Network): boolean => options['tinyctr.source_checks'] !== 'false'

const MACVLAN_MODE: Readonly<Record<string, number>> = { private: 1, vepa: 2, bridge: 4, passthru: 8 }
const IPVLAN_MODE: Readonly<Record<string, number>> = { l2: 0, l3: 1, l3s: 2 }

/**
 * The endpoint as the plan makes it.
 * @param upper the index of the bridge, or of the parent device
 * @param wayOut whether the routes to everywhere lead through it
 */
export function deviceOf(
  network: Network,
  { endpoint, index, hostIndexBase }: ReturnType<typeof chooseEndpoint>,
  upper: number,
  wayOut: boolean,
): NetworkDevice {
  const { options, driver } = network
  const mtu = mtuOf(network)
  return {
    name: endpoint.device,
    index,
    ...(driver === 'ipvlan' ? {} : { mac: endpoint.mac }),
    ...(mtu === undefined ? {} : { mtu }),
    addresses: endpoint.addresses,
    gateways: wayOut ? endpoint.gateways : [],
    attachment:
      driver === 'bridge'
        ? {
            driver,
            hostName: endpoint.hostDevice as string,
            hostIndexBase,
            bridge: { name: bridgeName(network), index: upper },
            ...(options['com.docker.network.bridge.enable_icc'] === 'false' ? { isolated: true } : {}),
          }
        : {
            driver,
            parent: { name: options.parent ?? '', index: upper },
            mode:
              driver === 'macvlan'
                ? (MACVLAN_MODE[options.macvlan_mode ?? 'bridge'] ?? 4)
                : (IPVLAN_MODE[options.ipvlan_mode ?? 'l2'] ?? 0),
          },
  }
}
