/**
 * The tables `ip tinyctr` and `ip6 tinyctr` (nft(8)): rules that never change, and sets that say of which networks and
 * ports they speak. A network is a few elements, a published port is one.
 *
 * guard        what nobody may send: from a bridge to the host's own 127.0.0.0/8, which route_localnet would let in
 * prerouting,  a port of this host leads to a container, for others and for the host itself; 127.0.0.0/8 only for the
 * output       host itself, or a neighbour on the wire could reach what is published there (CVE-2025-54388)
 * postrouting  who leaves his network goes under the host's address; so does who meets a container of his own network
 *              through a published port, for the answer must come back the same way
 * forward      into a network: answers, published ports, its own containers, nothing else. Out of an internal: nothing
 */
import { NETLINK, NFPROTO } from '../linux/abi/flags.ts'
import { type Message, message } from '../linux/abi/netlink/messages.ts'
import { ask, withNetlink } from '../linux/netlink.ts'
import { PORTS, PORTS_AT, TABLE, transaction } from '../plan/published-ports.ts'
import {
  accept,
  addressIn,
  answers,
  deviceAndSourceIn,
  deviceIn,
  devicesIn,
  dnatTo,
  drop,
  type Family,
  jump,
  leave,
  loopback,
  masquerade,
  published,
  toThisHost,
} from './nft-expression.ts'
import { type Chain, concat, IFNAME_BYTES, type SetShape, TYPE, tableMessages } from './nft-table.ts'

const FAMILIES: readonly Family[] = ['ip', 'ip6']
export const NFGEN: Readonly<Record<Family, number>> = { ip: NFPROTO.IPV4, ip6: NFPROTO.IPV6 }
export const ADDRESS_BYTES = { ip: 4, ip6: 16 } as const

function setShapes(family: Family): SetShape[] {
  const address = family === 'ip' ? 'ipv4_addr' : 'ipv6_addr'
  const bytes = ADDRESS_BYTES[family]
  const data = { type: concat(address, 'inet_service'), bytes: bytes + 4 }
  return [
    { name: 'bridges', type: TYPE.ifname, key: [IFNAME_BYTES] },
    { name: 'internal', type: TYPE.ifname, key: [IFNAME_BYTES] },
    { name: 'same', type: concat('ifname', 'ifname'), key: [IFNAME_BYTES, IFNAME_BYTES] },
    { name: 'within', type: concat('ifname', address), key: [IFNAME_BYTES, bytes], interval: true },
    { name: 'masqueraded', type: TYPE[address], key: [bytes], interval: true },
    { name: PORTS, type: concat('inet_proto', 'inet_service'), key: [4, 4], data },
    { name: PORTS_AT, type: concat(address, 'inet_proto', 'inet_service'), key: [bytes, 4, 4], data },
  ]
}

const PRIORITY = { RAW: -300, DSTNAT: -100, FILTER: 0, SRCNAT: 100 } as const

function chains(family: Family): Chain[] {
  const four = family === 'ip'
  return [
    { name: 'publish', rules: [dnatTo(family, PORTS_AT, true), dnatTo(family, PORTS, false)] },
    {
      name: 'inward',
      rules: [
        [...devicesIn('same'), accept()],
        [...answers(), accept()],
        [...published(), accept()],
        [drop()],
      ],
    },
    {
      name: 'guard',
      base: { type: 'filter', hook: 'PRE_ROUTING', priority: PRIORITY.RAW },
      rules: four ? [[...deviceIn('iifname', 'bridges'), ...loopback('daddr'), drop()]] : [],
    },
    {
      name: 'prerouting',
      base: { type: 'nat', hook: 'PRE_ROUTING', priority: PRIORITY.DSTNAT },
      rules: [...(four ? [[...loopback('daddr'), leave()]] : []), [...toThisHost(), jump('publish')]],
    },
    {
      name: 'output',
      base: { type: 'nat', hook: 'LOCAL_OUT', priority: PRIORITY.DSTNAT },
      // To ::1 there is no way back from outside the loopback device.
      rules: [[...toThisHost(), jump('publish')]],
    },
    {
      name: 'postrouting',
      base: { type: 'nat', hook: 'POST_ROUTING', priority: PRIORITY.SRCNAT },
      rules: [
        [...deviceAndSourceIn(family, 'within'), ...published(), masquerade()],
        ...(four ? [[...deviceIn('oifname', 'bridges'), ...loopback('saddr'), masquerade()]] : []),
        [...deviceAndSourceIn(family, 'within'), leave()],
        [...addressIn(family, 'saddr', 'masqueraded'), masquerade()],
      ],
    },
    {
      name: 'forward',
      base: { type: 'filter', hook: 'FORWARD', priority: PRIORITY.FILTER },
      rules: [
        [...deviceIn('iifname', 'internal'), ...devicesIn('same', true), drop()],
        [...deviceIn('oifname', 'internal'), ...devicesIn('same', true), drop()],
        [...deviceIn('oifname', 'bridges'), jump('inward')],
      ],
    },
  ]
}

/** The whole table of a family, as one transaction makes it. */
export const firewallMessages = (family: Family): Message[] =>
  tableMessages(NFGEN[family], setShapes(family), chains(family))

/** Whether our table is there: a firewall that is loaded anew takes them away. */
export function isTableUp(fd: number, family: number = NFPROTO.IPV4): boolean {
  const request = message('NFT_MSG_GETTABLE', 0, { nfgen_family: family }, { NFTA_TABLE_NAME: TABLE })
  try {
    return ask(fd, request, 'NFT_MSG_NEWTABLE', false).length > 0
  } catch {
    return false
  }
}

export const withFirewall = <T>(work: (fd: number) => T): T => withNetlink(NETLINK.NETFILTER, work)

export const eachFamily = (messages: (family: Family) => Message[]): Message[] =>
  transaction(FAMILIES.flatMap(messages))
