/**
 * Network devices of a container as netlink messages: a veth(4) pair with one end on a bridge, a part of a device of the
 * host (macvlan, ipvlan); their addresses and routes.
 */
import { AF, IFA_F, IFF, NLM_F, NTF, NUD, RT_SCOPE, RT_TABLE, RTN, RTPROT } from '../linux/abi/flags.ts'
import type { Slot } from '../linux/abi/kinds.ts'
import { type Attributes, type Message, message, type Sum } from '../linux/abi/netlink/messages.ts'

export interface DeviceAddress {
  readonly address: string
  readonly prefixLength: number
}

/** What a device hangs on: a bridge, or the device of the host that it is a part of. */
export type Attachment =
  | {
      readonly driver: 'bridge'
      /** The host's end. Its index is this and the container's process id: nothing that lives has the same. */
      readonly hostName: string
      readonly hostIndexBase: number
      readonly bridge: { readonly name: string; readonly index: number }
      /** The neighbours on the bridge cannot be reached, only its other side. */
      readonly isolated?: boolean
    }
  | {
      readonly driver: 'macvlan' | 'ipvlan'
      readonly parent: { readonly name: string; readonly index: number }
      readonly mode: number
    }

export interface Rate {
  readonly bytesPerSecond: number
  /** How much may pass at once. */
  readonly burstBytes: number
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
  /** At most so much, each way. */
  readonly rate?: Rate
}

const CREATE = NLM_F.CREATE | NLM_F.EXCL

/** @param pid a process in the namespace the device is for */
export function deviceMessages(
  { name, index, mac, mtu, attachment, rate }: NetworkDevice,
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
  const { hostName, hostIndexBase, bridge, isolated } = attachment
  const hostIndex = { base: hostIndexBase, plus: pid }
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
    // What the host's end sends is what the container receives.
    ...(rate === undefined ? [] : [shapeMessage(hostIndex, rate)]),
  ]
}

/** The port takes frames from nobody but its container, and need not learn where that is (bridge(8), locked). */
function portMessages(hostIndex: Sum, mac: string, isolated: boolean): Message[] {
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
          // Hairpin: where br_netfilter translates addresses on the bridge, its own published port is behind the same port.
          IFLA_BRPORT_MODE: 1,
          IFLA_BRPORT_LEARNING: 0,
          IFLA_BRPORT_LOCKED: 1,
          ...(isolated ? { IFLA_BRPORT_ISOLATED: 1 } : {}),
        },
      },
    ),
  ]
}

/** The first device of every namespace. */
export const LOOPBACK_INDEX = 1

export const up = (index: number): Message =>
  message('RTM_NEWLINK', 0, { ifi_index: index, ifi_flags: IFF.UP, ifi_change: IFF.UP })

const familyOf = (address: string): number => (address.includes(':') ? AF.INET6 : AF.INET)

/** In the namespace of the device. */
export function addressMessages({ index, addresses, gateways, rate }: NetworkDevice): Message[] {
  return [
    // What the container sends; only CAP_NET_ADMIN inside could take it away.
    ...(rate === undefined ? [] : [shapeMessage(index, rate)]),
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

const TC_H_ROOT = 0xffffffff
const FIRST_HANDLE = 0x10000
const TC_LINKLAYER_ETHERNET = 1
/** What waits longer than this in the queue is dropped. */
const LATENCY_SECONDS = 0.05

/** A token bucket (tc-tbf(8)) as the device's queue. */
function shapeMessage(index: number | Sum, { bytesPerSecond, burstBytes }: Rate): Message {
  // struct tc_tbf_qopt: two struct tc_ratespec, of which the second is for peaks; limit, buffer, mtu.
  const parameters = new Uint8Array(36)
  const view = new DataView(parameters.buffer)
  view.setUint8(1, TC_LINKLAYER_ETHERNET)
  view.setUint32(8, Math.min(bytesPerSecond, 0xffffffff), true)
  view.setUint32(24, burstBytes + Math.ceil(bytesPerSecond * LATENCY_SECONDS), true)
  return message(
    'RTM_NEWQDISC',
    CREATE,
    { tcm_ifindex: index, tcm_handle: FIRST_HANDLE, tcm_parent: TC_H_ROOT },
    {
      TCA_KIND: 'tbf',
      TCA_OPTIONS: {
        TCA_TBF_PARMS: parameters,
        TCA_TBF_BURST: burstBytes,
        TCA_TBF_RATE64: BigInt(bytesPerSecond),
      },
    },
  )
}
