/**
 * Rules of nf_tables from their parts (nft(8), linux/netfilter/nf_tables.h). A rule is a row of expressions on registers
 * of 16 bytes; each part here is a condition or an action, as nft's own words name them.
 */
import type { Attributes } from '../linux/abi/netlink/messages.ts'

export type Expression = Attributes<'expression'>

const NFT_META = { PROTOCOL: 1, IIFNAME: 6, OIFNAME: 7, L4PROTO: 16 } as const
const NFT_PAYLOAD = { LINK: 0, NETWORK: 1, TRANSPORT: 2 } as const
const NFT_CMP = { EQ: 0, NEQ: 1 } as const
const NFT_CT = { STATE: 0, STATUS: 2 } as const
const NF_DROP = 0
const NF_ACCEPT = 1
const NFT_JUMP = -3
const NFT_RETURN = -5
const IPS_DST_NAT = 0x20
const CT_ESTABLISHED_OR_RELATED = 2 | 4
const RTN_LOCAL = 2
const NFT_FIB = { RESULT_ADDRTYPE: 3, DADDR: 2 } as const

/** Registers of 4 bytes: NFT_REG32_00 and on. Concatenated keys stand in neighbours. */
const register = (word: number): number => 8 + word
const VERDICT = 0
const IFNAME_WORDS = 4

const expression = (name: string, data: Record<string, unknown>): Expression => ({
  NFTA_EXPR_NAME: name,
  NFTA_EXPR_DATA: data,
})

/** A device name as a register holds it. */
export function ifnameBytes(name: string): Uint8Array {
  const bytes = new Uint8Array(16)
  bytes.set(new TextEncoder().encode(name))
  return bytes
}

export type Side = 'iifname' | 'oifname'
export type Address = 'saddr' | 'daddr'
export type Family = 'ip' | 'ip6'

const meta = (key: number, word: number): Expression =>
  expression('meta', { NFTA_META_KEY: key, NFTA_META_DREG: register(word) })

const device = (side: Side, word = 0): Expression =>
  meta(side === 'iifname' ? NFT_META.IIFNAME : NFT_META.OIFNAME, word)

const payload = (base: number, offset: number, length: number, word: number): Expression =>
  expression('payload', {
    NFTA_PAYLOAD_DREG: register(word),
    NFTA_PAYLOAD_BASE: base,
    NFTA_PAYLOAD_OFFSET: offset,
    NFTA_PAYLOAD_LEN: length,
  })

/** Where the addresses stand in the header of IPv4 and IPv6. */
const ADDRESSES = {
  ip: { saddr: 12, daddr: 16, length: 4 },
  ip6: { saddr: 8, daddr: 24, length: 16 },
} as const

const address = (family: Family, which: Address, word: number): Expression =>
  payload(NFT_PAYLOAD.NETWORK, ADDRESSES[family][which], ADDRESSES[family].length, word)

const compare = (value: Uint8Array, op: number = NFT_CMP.EQ): Expression =>
  expression('cmp', {
    NFTA_CMP_SREG: register(0),
    NFTA_CMP_OP: op,
    NFTA_CMP_DATA: { NFTA_DATA_VALUE: value },
  })

const inSet = (name: string, inverted = false): Expression =>
  expression('lookup', {
    NFTA_LOOKUP_SET: name,
    NFTA_LOOKUP_SREG: register(0),
    ...(inverted ? { NFTA_LOOKUP_FLAGS: 1 } : {}),
  })

/** `iifname @set`, or with `!=` where inverted. */
export const deviceIn = (side: Side, set: string): Expression[] => [device(side), inSet(set)]

/** `iifname . oifname @set` */
export const devicesIn = (set: string, inverted = false): Expression[] => [
  device('iifname'),
  device('oifname', IFNAME_WORDS),
  inSet(set, inverted),
]

/** `oifname . ip saddr @set` */
export const deviceAndSourceIn = (family: Family, set: string): Expression[] => [
  device('oifname'),
  address(family, 'saddr', IFNAME_WORDS),
  inSet(set),
]

/** `ip saddr @set` */
export const addressIn = (family: Family, which: Address, set: string): Expression[] => [
  address(family, which, 0),
  inSet(set),
]

/** `iifname "tc*"` */
export const deviceBeginsWith = (prefix: string): Expression[] => [
  device('iifname'),
  compare(new TextEncoder().encode(prefix)),
]

/** `ether type ...` */
export const etherType = (type: number): Expression[] => [
  meta(NFT_META.PROTOCOL, 0),
  compare(Uint8Array.of(type >> 8, type & 0xff)),
]

const IPPROTO_ICMPV6 = 58

/** `icmpv6 type ...` */
export const icmpv6Type = (type: number): Expression[] => [
  meta(NFT_META.L4PROTO, 0),
  compare(Uint8Array.of(IPPROTO_ICMPV6)),
  payload(NFT_PAYLOAD.TRANSPORT, 0, 1, 0),
  compare(Uint8Array.of(type)),
]

/** Where a frame says whose IP address it comes from, or speaks for (`nd target`). */
const SENDER = {
  arp: { base: NFT_PAYLOAD.NETWORK, offset: 14, length: 4 },
  ip: { base: NFT_PAYLOAD.NETWORK, offset: 12, length: 4 },
  ip6: { base: NFT_PAYLOAD.NETWORK, offset: 8, length: 16 },
  nd: { base: NFT_PAYLOAD.TRANSPORT, offset: 8, length: 16 },
} as const

const ETHER_SADDR = { offset: 6, length: 6, words: 2 } as const

/** `ether saddr . arp saddr ip @set`, or with `!=` where inverted. */
export function senderIn(where: keyof typeof SENDER, set: string, inverted = false): Expression[] {
  const { base, offset, length } = SENDER[where]
  return [
    payload(NFT_PAYLOAD.LINK, ETHER_SADDR.offset, ETHER_SADDR.length, 0),
    payload(base, offset, length, ETHER_SADDR.words),
    inSet(set, inverted),
  ]
}

const senderCompared = (where: keyof typeof SENDER, beginning: Uint8Array, op: number): Expression[] => [
  payload(SENDER[where].base, SENDER[where].offset, beginning.length, 0),
  compare(beginning, op),
]

/** Whether it begins so. */
export const senderIs = (where: keyof typeof SENDER, beginning: Uint8Array): Expression[] =>
  senderCompared(where, beginning, NFT_CMP.EQ)
export const senderIsNot = (where: keyof typeof SENDER, beginning: Uint8Array): Expression[] =>
  senderCompared(where, beginning, NFT_CMP.NEQ)

const host32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

/** `ip saddr 127.0.0.0/8`: the first byte is enough. */
export const loopback = (which: Address): Expression[] => [
  payload(NFT_PAYLOAD.NETWORK, ADDRESSES.ip[which], 1, 0),
  compare(Uint8Array.of(127)),
]

/** `fib daddr type local` */
export const toThisHost = (): Expression[] => [
  expression('fib', {
    NFTA_FIB_DREG: register(0),
    NFTA_FIB_RESULT: NFT_FIB.RESULT_ADDRTYPE,
    NFTA_FIB_FLAGS: NFT_FIB.DADDR,
  }),
  compare(host32(RTN_LOCAL)),
]

const bitsOf = (key: number, mask: number): Expression[] => [
  expression('ct', { NFTA_CT_KEY: key, NFTA_CT_DREG: register(0) }),
  expression('bitwise', {
    NFTA_BITWISE_SREG: register(0),
    NFTA_BITWISE_DREG: register(0),
    NFTA_BITWISE_LEN: 4,
    NFTA_BITWISE_MASK: { NFTA_DATA_VALUE: host32(mask) },
    NFTA_BITWISE_XOR: { NFTA_DATA_VALUE: host32(0) },
  }),
  compare(host32(0), NFT_CMP.NEQ),
]

/** `ct status dnat` */
export const published = (): Expression[] => bitsOf(NFT_CT.STATUS, IPS_DST_NAT)
/** `ct state established,related` */
export const answers = (): Expression[] => bitsOf(NFT_CT.STATE, CT_ESTABLISHED_OR_RELATED)

const NF_NAT_DNAT = 1
const NFPROTO = { ip: 2, ip6: 10 } as const

/** `dnat to [ip daddr .] meta l4proto . th dport map @name` */
export function dnatTo(family: Family, map: string, withAddress: boolean): Expression[] {
  const words = withAddress ? ADDRESSES[family].length / 4 : 0
  return [
    ...(withAddress ? [address(family, 'daddr', 0)] : []),
    meta(NFT_META.L4PROTO, words),
    payload(NFT_PAYLOAD.TRANSPORT, 2, 2, words + 1),
    expression('lookup', {
      NFTA_LOOKUP_SET: map,
      NFTA_LOOKUP_SREG: register(0),
      NFTA_LOOKUP_DREG: register(0),
    }),
    expression('nat', {
      NFTA_NAT_TYPE: NF_NAT_DNAT,
      NFTA_NAT_FAMILY: NFPROTO[family],
      NFTA_NAT_REG_ADDR_MIN: register(0),
      NFTA_NAT_REG_PROTO_MIN: register(ADDRESSES[family].length / 4),
    }),
  ]
}

export const masquerade = (): Expression => expression('masq', {})

const verdict = (code: number, chain?: string): Expression =>
  expression('immediate', {
    NFTA_IMMEDIATE_DREG: VERDICT,
    NFTA_IMMEDIATE_DATA: {
      NFTA_DATA_VERDICT: {
        NFTA_VERDICT_CODE: code >>> 0,
        ...(chain === undefined ? {} : { NFTA_VERDICT_CHAIN: chain }),
      },
    },
  })

export const accept = (): Expression => verdict(NF_ACCEPT)
export const drop = (): Expression => verdict(NF_DROP)
export const leave = (): Expression => verdict(NFT_RETURN)
export const jump = (chain: string): Expression => verdict(NFT_JUMP, chain)
