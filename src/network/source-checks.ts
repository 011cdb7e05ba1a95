/**
 * The table `bridge tinyctr`: a container sends under its own addresses alone. The bridge's ports take no foreign Ethernet
 * address (locked, plan/network-device.ts); here each belongs to an address of IP, in ARP and neighbour discovery as well,
 * so that nobody takes a neighbour's or the gateway's place. A container is no router: none advertises itself.
 *
 * An Ethernet address follows from that of IPv4 (mac.ts): which belong together is known when the bridge is made, and
 * most starts and ends change nothing. What is otherwise (its own --mac-address, IPv6, the 257th) is added with the container.
 *
 * Where the kernel has no such tables (nf_tables_bridge), networks do without.
 */
import { NETLINK, NFPROTO, NLM_F } from '../linux/abi/flags.ts'
import { addressBytes, macBytes } from '../linux/abi/netlink/address.ts'
import { type Message, message } from '../linux/abi/netlink/messages.ts'
import { attemptTransaction, withNetlink } from '../linux/netlink.ts'
import { TABLE, transaction } from '../plan/published-ports.ts'
import type { Endpoint } from './endpoint.ts'
import { GUARDED } from './endpoint.ts'
import { isTableUp } from './firewall.ts'
import { FORESEEN, unforeseen } from './foreseen.ts'
import { macOfAddress } from './mac.ts'
import type { Network } from './network.ts'
import {
  deviceBeginsWith,
  drop,
  etherType,
  icmpv6Type,
  jump,
  leave,
  senderIn,
  senderIs,
  senderIsNot,
} from './nft-expression.ts'
import { type Chain, concat, type SetShape, tableMessages } from './nft-table.ts'
import { addressText, parseSubnet, sizeOf } from './subnet.ts'

/** In registers of 4 bytes. */
const MAC_BYTES = 8

const SETS: readonly SetShape[] = [
  { name: 'owners', type: concat('ether_addr', 'ipv4_addr'), key: [MAC_BYTES, 4] },
  { name: 'owners6', type: concat('ether_addr', 'ipv6_addr'), key: [MAC_BYTES, 16] },
]

const ETHERTYPE = { IP: 0x0800, ARP: 0x0806, IPV6: 0x86dd } as const
const ICMPV6 = { ROUTER_ADVERTISEMENT: 134, NEIGHBOUR_ADVERTISEMENT: 136, REDIRECT: 137 } as const
const NOBODY = new Uint8Array(4)
const NOBODY6 = new Uint8Array(16)
/** fe80::/10, as the kernel makes them. */
const LINK_LOCAL = Uint8Array.of(0xfe, 0x80)
const BEFORE_ALL = -300

const CHAINS: readonly Chain[] = [
  {
    name: 'sender',
    rules: [
      [...etherType(ETHERTYPE.ARP), ...senderIn('arp', 'owners'), leave()],
      // Who asks whether an address is free has none yet.
      [...etherType(ETHERTYPE.ARP), ...senderIs('arp', NOBODY), leave()],
      [...etherType(ETHERTYPE.ARP), drop()],
      [...etherType(ETHERTYPE.IP), ...senderIn('ip', 'owners', true), drop()],
      [...icmpv6Type(ICMPV6.ROUTER_ADVERTISEMENT), drop()],
      [...icmpv6Type(ICMPV6.REDIRECT), drop()],
      [
        ...icmpv6Type(ICMPV6.NEIGHBOUR_ADVERTISEMENT),
        ...senderIsNot('nd', LINK_LOCAL),
        ...senderIn('nd', 'owners6', true),
        drop(),
      ],
      [
        ...etherType(ETHERTYPE.IPV6),
        ...senderIsNot('ip6', LINK_LOCAL),
        ...senderIsNot('ip6', NOBODY6),
        ...senderIn('ip6', 'owners6', true),
        drop(),
      ],
    ],
  },
  {
    name: 'prerouting',
    base: { type: 'filter', hook: 'PRE_ROUTING', priority: BEFORE_ALL },
    rules: [[...deviceBeginsWith(GUARDED), jump('sender')]],
  },
]

type Change = 'NFT_MSG_NEWSETELEM' | 'NFT_MSG_DELSETELEM'

/** What is known beforehand of a bridge's network: said, or taken back. */
export function foreseeAddresses(type: Change, network: Network): void {
  if (type === 'NFT_MSG_NEWSETELEM' && !withNetlink(NETLINK.NETFILTER, (fd) => isTableUp(fd, NFPROTO.BRIDGE)))
    attemptTransaction(NETLINK.NETFILTER, transaction(tableMessages(NFPROTO.BRIDGE, SETS, CHAINS)))
  const pairs = network.pools
    .filter(({ subnet }) => !subnet.includes(':'))
    .flatMap(({ subnet }) => firstAddresses(subnet).map((address) => pair(macOfAddress(address), address)))
  attemptTransaction(NETLINK.NETFILTER, transaction(elements(type, 'owners', pairs)))
}

/** What is not known of these endpoints beforehand. */
export function ownAddresses(type: Change, endpoints: readonly Endpoint[]): void {
  const unknown = endpoints.flatMap(unforeseen)
  if (unknown.length === 0) return
  const of = (length: number) =>
    unknown.flatMap(({ mac, address }) =>
      addressBytes(address)?.length === length ? [pair(mac, address)] : [],
    )
  attemptTransaction(
    NETLINK.NETFILTER,
    transaction([...elements(type, 'owners', of(4)), ...elements(type, 'owners6', of(16))]),
  )
}

function firstAddresses(text: string): string[] {
  const subnet = parseSubnet(text)
  const size = Number(sizeOf(subnet))
  return Array.from({ length: Math.min(size, Number(FORESEEN)) }, (_, i) =>
    addressText(subnet.family, subnet.base + BigInt(i)),
  )
}

function pair(mac: string, address: string): Uint8Array {
  const bytes = addressBytes(address) as Uint8Array
  const key = new Uint8Array(MAC_BYTES + bytes.length)
  key.set(macBytes(mac) as Uint8Array)
  key.set(bytes, MAC_BYTES)
  return key
}

const elements = (type: Change, set: string, keys: readonly Uint8Array[]): Message[] =>
  keys.length === 0
    ? []
    : [
        message(
          type,
          type === 'NFT_MSG_NEWSETELEM' ? NLM_F.CREATE : 0,
          { nfgen_family: NFPROTO.BRIDGE },
          {
            NFTA_SET_ELEM_LIST_TABLE: TABLE,
            NFTA_SET_ELEM_LIST_SET: set,
            NFTA_SET_ELEM_LIST_ELEMENTS: keys.map((key) => ({
              NFTA_SET_ELEM_KEY: { NFTA_DATA_VALUE: key },
            })),
          },
        ),
      ]
