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
import { NETLINK, NF_INET, NFPROTO, NLM_F } from '../linux/abi/flags.ts'
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
  type Expression,
  type Family,
  jump,
  leave,
  loopback,
  masquerade,
  published,
  toThisHost,
} from './nft-expression.ts'

const FAMILIES: readonly Family[] = ['ip', 'ip6']
export const NFGEN: Readonly<Record<Family, number>> = { ip: NFPROTO.IPV4, ip6: NFPROTO.IPV6 }
export const ADDRESS_BYTES = { ip: 4, ip6: 16 } as const
const SET = { INTERVAL: 4, MAP: 8, CONCAT: 0x80 } as const
const IFNAME_BYTES = 16

/** Names of types for nft(8)'s own list; the kernel only stores them (libnftables datatype.h). */
const TYPE = { ipv4_addr: 7, ipv6_addr: 8, inet_proto: 12, inet_service: 13, ifname: 41 } as const
const concat = (...types: (keyof typeof TYPE)[]): number =>
  types.reduce((sum, type) => (sum << 6) | TYPE[type], 0) >>> 0

/** Type NFTNL_UDATA_SET_KEYBYTEORDER, length, BYTEORDER_HOST_ENDIAN (libnftnl udata.h). */
const HOST_BYTE_ORDER = Uint8Array.of(0, 4, 1, 0, 0, 0)

interface SetShape {
  readonly name: string
  readonly type: number
  /** Bytes of each part of the key; more than one: a concatenation. */
  readonly key: readonly number[]
  readonly interval?: true
  readonly data?: { readonly type: number; readonly bytes: number }
}

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

interface Chain {
  readonly name: string
  readonly base?: {
    readonly type: 'filter' | 'nat'
    readonly hook: keyof typeof NF_INET
    readonly priority: number
  }
  readonly rules: readonly Expression[][]
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
export function tableMessages(family: Family): Message[] {
  const head = { nfgen_family: NFGEN[family] }
  return [
    message('NFT_MSG_NEWTABLE', NLM_F.CREATE, head, { NFTA_TABLE_NAME: TABLE }),
    ...setShapes(family).map((shape, i) =>
      message('NFT_MSG_NEWSET', NLM_F.CREATE, head, {
        NFTA_SET_TABLE: TABLE,
        NFTA_SET_NAME: shape.name,
        NFTA_SET_FLAGS:
          (shape.interval ? SET.INTERVAL : 0) |
          (shape.data ? SET.MAP : 0) |
          (shape.key.length > 1 ? SET.CONCAT : 0),
        NFTA_SET_KEY_TYPE: shape.type,
        NFTA_SET_KEY_LEN: shape.key.reduce((sum, bytes) => sum + bytes, 0),
        ...(shape.data ? { NFTA_SET_DATA_TYPE: shape.data.type, NFTA_SET_DATA_LEN: shape.data.bytes } : {}),
        ...(shape.key.length > 1
          ? {
              NFTA_SET_DESC: {
                NFTA_SET_DESC_CONCAT: shape.key.map((bytes) => ({ NFTA_SET_FIELD_LEN: bytes })),
              },
            }
          : {}),
        NFTA_SET_ID: i + 1,
        // Device names are text, not numbers of the network: nft(8) lists them by this.
        ...(shape.type === TYPE.ifname ? { NFTA_SET_USERDATA: HOST_BYTE_ORDER } : {}),
      }),
    ),
    ...chains(family).map(({ name, base }) =>
      message('NFT_MSG_NEWCHAIN', NLM_F.CREATE, head, {
        NFTA_CHAIN_TABLE: TABLE,
        NFTA_CHAIN_NAME: name,
        ...(base
          ? {
              NFTA_CHAIN_HOOK: {
                NFTA_HOOK_HOOKNUM: NF_INET[base.hook],
                NFTA_HOOK_PRIORITY: base.priority >>> 0,
              },
              NFTA_CHAIN_TYPE: base.type,
            }
          : {}),
      }),
    ),
    ...chains(family).flatMap(({ name, rules }) =>
      rules.map((expressions) =>
        message('NFT_MSG_NEWRULE', NLM_F.CREATE | NLM_F.APPEND, head, {
          NFTA_RULE_TABLE: TABLE,
          NFTA_RULE_CHAIN: name,
          NFTA_RULE_EXPRESSIONS: expressions,
        }),
      ),
    ),
  ]
}

/** Whether our tables are there: a firewall that is loaded anew takes them away. */
export function isFirewallUp(fd: number): boolean {
  const request = message('NFT_MSG_GETTABLE', 0, { nfgen_family: NFPROTO.IPV4 }, { NFTA_TABLE_NAME: TABLE })
  try {
    return ask(fd, request, 'NFT_MSG_NEWTABLE', false).length > 0
  } catch {
    return false
  }
}

export const withFirewall = <T>(work: (fd: number) => T): T => withNetlink(NETLINK.NETFILTER, work)

export const eachFamily = (messages: (family: Family) => Message[]): Message[] =>
  transaction(FAMILIES.flatMap(messages))
