/** A table of nf_tables with its sets, chains and rules, as one transaction makes it (nft(8), linux/netfilter/nf_tables.h). */
import { NF_INET, NLM_F } from '../linux/abi/flags.ts'
import { type Message, message } from '../linux/abi/netlink/messages.ts'
import { TABLE } from '../plan/published-ports.ts'
import type { Expression } from './nft-expression.ts'

/** Flags of a set (NFT_SET_*). */
const SET = { INTERVAL: 4, MAP: 8, CONCAT: 0x80 } as const
export const IFNAME_BYTES = 16

/** Names of types for nft(8)'s own list; the kernel only stores them (libnftables datatype.h). */
export const TYPE = {
  ipv4_addr: 7,
  ipv6_addr: 8,
  ether_addr: 9,
  inet_proto: 12,
  inet_service: 13,
  ifname: 41,
} as const
export const concat = (...types: (keyof typeof TYPE)[]): number =>
  types.reduce((sum, type) => (sum << 6) | TYPE[type], 0) >>> 0

/** Type NFTNL_UDATA_SET_KEYBYTEORDER, length, BYTEORDER_HOST_ENDIAN (libnftnl udata.h). */
const HOST_BYTE_ORDER = Uint8Array.of(0, 4, 1, 0, 0, 0)

export interface SetShape {
  readonly name: string
  readonly type: number
  /** Bytes of each part of the key; more than one: a concatenation. */
  readonly key: readonly number[]
  readonly interval?: true
  readonly data?: { readonly type: number; readonly bytes: number }
}

export interface Chain {
  readonly name: string
  readonly base?: {
    readonly type: 'filter' | 'nat'
    readonly hook: keyof typeof NF_INET
    readonly priority: number
  }
  readonly rules: readonly Expression[][]
}

/** @param family NFPROTO_* */
export function tableMessages(
  family: number,
  sets: readonly SetShape[],
  chains: readonly Chain[],
): Message[] {
  const head = { nfgen_family: family }
  return [
    message('NFT_MSG_NEWTABLE', NLM_F.CREATE, head, { NFTA_TABLE_NAME: TABLE }),
    ...sets.map((shape, i) =>
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
    ...chains.map(({ name, base }) =>
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
    ...chains.flatMap(({ name, rules }) =>
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
