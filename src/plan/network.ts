/**
 * The devices of a new network namespace: a loopback that is up; veth(4) pairs whose other end hangs on a bridge, or
 * macvlan and ipvlan devices, each with its addresses; the way out.
 *
 * The host half makes each device directly in the container's namespace (IFLA_NET_NS_PID), under its final name. It
 * chooses the index as well, so the container half needs no question before it gives addresses: one batch does it all.
 */
import {
  AF,
  IFA_F,
  IFF,
  NETLINK,
  NLM_F,
  NTF,
  NUD,
  RT_SCOPE,
  RT_TABLE,
  RTN,
  RTPROT,
  SIOC,
  SOCK,
  SOL,
} from '../linux/abi/flags.ts'
import type { Slot } from '../linux/abi/kinds.ts'
import { type Attributes, type Message, message } from '../linux/abi/netlink/messages.ts'
import { barrier, call, composed, PID, type Step, slot, struct } from './step.ts'

export interface DeviceAddress {
  readonly address: string
  readonly prefixLength: number
}

/** What a device hangs on: a bridge, or the device of the host that it is a part of. */
export type Attachment =
  | {
      readonly driver: 'bridge'
      /** The host's end. Its index is ours to choose: at random, out of the way of those the kernel counts up. */
      readonly hostName: string
      readonly hostIndex: number
      readonly bridge: { readonly name: string; readonly index: number }
      /** The neighbours on the bridge cannot be reached, only its other side. */
      readonly isolated?: boolean
    }
  | {
      readonly driver: 'macvlan' | 'ipvlan'
      readonly parent: { readonly name: string; readonly index: number }
      readonly mode: number
    }

export interface NetworkDevice {
  readonly name: string
  readonly index: number
  readonly mac?: string
  readonly mtu?: number
  readonly addresses: readonly DeviceAddress[]
  /** Of the routes to everywhere; one an address family at most. */
  readonly gateways: readonly string[]
  readonly attachment: Attachment
}

const DEVICES_MADE = 2
const CREATE = NLM_F.CREATE | NLM_F.EXCL

/** A netlink socket; the kernel's errors come with words. */
export function netlinkSocket(name: string, protocol: 'ROUTE' | 'NETFILTER', at: string): Step[] {
  const socket = slot(name)
  const proto = { name: `NETLINK_${protocol}`, value: NETLINK[protocol] }
  const option = (key: 'CAP_ACK' | 'EXT_ACK', why: string): Step =>
    call(
      'setsockopt',
      [socket, SOL.NETLINK, { name: `NETLINK_${key}`, value: NETLINK[key] }, struct('int', { value: 1 })],
      { why, at },
    )
  return [
    // Its namespace is that of whoever makes it, for as long as it is open.
    call('socket', [AF.NETLINK, SOCK.RAW | SOCK.CLOEXEC, proto as never], {
      into: socket,
      why: 'to speak with the kernel about networks',
      at,
    }),
    option('CAP_ACK', 'answers need not repeat the question'),
    option('EXT_ACK', 'errors come with words'),
  ]
}

/** After the clone: the devices appear in the container's namespace. */
export function makeDeviceSteps(devices: readonly NetworkDevice[]): Step[] {
  if (devices.length === 0) return []
  const at = '--network'
  return [
    ...netlinkSocket('route', 'ROUTE', at),
    composed(
      'netlink',
      [slot('route'), { netlink: devices.flatMap((device) => deviceMessages(device, PID)) }],
      {
        why: `make ${list(devices)} in the container`,
        at,
      },
    ),
    barrier(DEVICES_MADE, 'signal', 'its devices are there'),
  ]
}

const list = (devices: readonly NetworkDevice[]): string => devices.map(({ name }) => name).join(', ')

/** @param pid a process in the namespace the device is for */
export function deviceMessages(
  { name, index, mac, mtu, attachment }: NetworkDevice,
  pid: number | Slot,
): Message[] {
  const own: Attributes<'link'> = {
    IFLA_IFNAME: name,
    ...(mac === undefined ? {} : { IFLA_ADDRESS: mac }),
    ...(mtu === undefined ? {} : { IFLA_MTU: mtu }),
    IFLA_NET_NS_PID: pid,
  }
  if (attachment.driver !== 'bridge') {
    const { driver, parent, mode } = attachment
    const data = driver === 'macvlan' ? { IFLA_MACVLAN_MODE: mode } : { IFLA_IPVLAN_MODE: mode }
    const info = { IFLA_INFO_KIND: driver, IFLA_INFO_DATA: data }
    return [
      message(
        'RTM_NEWLINK',
        CREATE,
        { ifi_index: index },
        { ...own, IFLA_LINK: parent.index, IFLA_LINKINFO: info },
      ),
    ]
  }
  const { hostName, hostIndex, bridge, isolated } = attachment
  const peer = { VETH_INFO_PEER: { header: { ifi_index: index }, ...own } }
  return [
    message(
      'RTM_NEWLINK',
      CREATE,
      { ifi_index: hostIndex, ifi_flags: IFF.UP, ifi_change: IFF.UP },
      {
        IFLA_IFNAME: hostName,
        ...(mtu === undefined ? {} : { IFLA_MTU: mtu }),
        IFLA_MASTER: bridge.index,
        IFLA_LINKINFO: { IFLA_INFO_KIND: 'veth', IFLA_INFO_DATA: peer },
      },
    ),
    ...(mac === undefined ? [] : portMessages(hostIndex, mac, isolated === true)),
  ]
}

/** The port takes frames from nobody but its container, and need not learn where that is (bridge(8), locked). */
function portMessages(hostIndex: number, mac: string, isolated: boolean): Message[] {
  return [
    message(
      'RTM_NEWNEIGH',
      NLM_F.CREATE | NLM_F.REPLACE,
      { ndm_family: AF.BRIDGE, ndm_ifindex: hostIndex, ndm_state: NUD.NOARP, ndm_flags: NTF.MASTER },
      { NDA_LLADDR: mac },
    ),
    message(
      'RTM_SETLINK',
      0,
      { ifi_family: AF.BRIDGE, ifi_index: hostIndex },
      {
        IFLA_PROTINFO: {
          IFLA_BRPORT_LEARNING: 0,
          IFLA_BRPORT_LOCKED: 1,
          ...(isolated ? { IFLA_BRPORT_ISOLATED: 1 } : {}),
        },
      },
    ),
  ]
}

/** A second clone comes before the rest of the container half; the devices must be there while the first child lives. */
export const awaitDeviceSteps = (devices: readonly NetworkDevice[]): Step[] =>
  devices.length === 0 ? [] : [barrier(DEVICES_MADE, 'wait', 'the host makes its devices')]

/** In the container's own namespace: everything up, addresses, routes. */
export function configureDeviceSteps(devices: readonly NetworkDevice[]): Step[] {
  if (devices.length === 0) return []
  const at = '--network'
  return [
    ...netlinkSocket('own_route', 'ROUTE', at),
    composed(
      'netlink',
      [slot('own_route'), { netlink: [up(LOOPBACK_INDEX), ...devices.flatMap(addressMessages)] }],
      {
        why: `set up lo and ${list(devices)}: addresses and the way out`,
        at,
      },
    ),
  ]
}

/** The first device of every namespace. */
const LOOPBACK_INDEX = 1

const up = (index: number): Message =>
  message('RTM_NEWLINK', 0, { ifi_index: index, ifi_flags: IFF.UP, ifi_change: IFF.UP })

const familyOf = (address: string): number => (address.includes(':') ? AF.INET6 : AF.INET)

/** In the namespace of the device. */
export function addressMessages({ index, addresses, gateways }: NetworkDevice): Message[] {
  return [
    ...addresses.map(({ address, prefixLength }) => addressMessage(index, address, prefixLength)),
    up(index),
    ...gateways.map((gateway) =>
      message(
        'RTM_NEWROUTE',
        CREATE,
        {
          rtm_family: familyOf(gateway),
          rtm_table: RT_TABLE.MAIN,
          rtm_protocol: RTPROT.BOOT,
          rtm_scope: RT_SCOPE.UNIVERSE,
          rtm_type: RTN.UNICAST,
        },
        { RTA_GATEWAY: gateway, RTA_OIF: index },
      ),
    ),
  ]
}

/** An address is on its device at once: nobody else can have it, so IPv6 need not ask around for a second (NODAD). */
export function addressMessage(index: number, address: string, prefixLength: number): Message {
  const ifa_family = familyOf(address)
  return message(
    'RTM_NEWADDR',
    CREATE,
    {
      ifa_family,
      ifa_prefixlen: prefixLength,
      ifa_flags: ifa_family === AF.INET6 ? IFA_F.NODAD : 0,
      ifa_index: index,
    },
    { IFA_LOCAL: address, IFA_ADDRESS: address },
  )
}

/** A namespace without other devices. */
export function loopbackSteps(newNetwork: boolean): Step[] {
  if (!newNetwork) return []
  const at = '/linux/namespaces'
  const socket = slot('socket')
  return [
    call('socket', [AF.INET, SOCK.DGRAM | SOCK.CLOEXEC, 0], {
      into: socket,
      why: 'any socket reaches the devices of its namespace',
      at,
    }),
    call(
      'ioctl',
      [socket, SIOC.SIFFLAGS, struct('ifreq', { ifr_name: 'lo', ifr_flags: IFF.UP | IFF.RUNNING })],
      { why: '127.0.0.1 answers', at },
    ),
  ]
}
