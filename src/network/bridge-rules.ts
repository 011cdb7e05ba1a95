/** What the rules of firewall.ts know of one bridge: its elements in their sets. */
import { NLM_F } from '../linux/abi/flags.ts'
import { addressBytes } from '../linux/abi/netlink/address.ts'
import { type Message, message } from '../linux/abi/netlink/messages.ts'
import { TABLE } from '../plan/published-ports.ts'
import { ADDRESS_BYTES, NFGEN } from './firewall.ts'
import { type Family, ifnameBytes } from './nft-expression.ts'

export interface BridgeRules {
  readonly bridge: string
  readonly internal: boolean
  readonly masquerade: boolean
  /** Its containers do not reach one another. */
  readonly isolated: boolean
  readonly subnets: readonly { readonly first: string; readonly last: string }[]
}

/** The bridge's elements in the sets of one family, added or taken away. */
export function bridgeMessages(
  type: 'NFT_MSG_NEWSETELEM' | 'NFT_MSG_DELSETELEM',
  family: Family,
  { bridge, internal, masquerade, isolated, subnets }: BridgeRules,
): Message[] {
  const name = ifnameBytes(bridge)
  const elements = (set: string, list: readonly object[]): Message[] =>
    list.length === 0
      ? []
      : [
          message(
            type,
            type === 'NFT_MSG_NEWSETELEM' ? NLM_F.CREATE : 0,
            { nfgen_family: NFGEN[family] },
            {
              NFTA_SET_ELEM_LIST_TABLE: TABLE,
              NFTA_SET_ELEM_LIST_SET: set,
              NFTA_SET_ELEM_LIST_ELEMENTS: list,
            },
          ),
        ]
  const key = (...parts: Uint8Array[]) => ({ NFTA_DATA_VALUE: Buffer.concat(parts) })
  const ours = subnets.map(({ first, last }) => [addressBytes(first)!, addressBytes(last)!] as const)
  const own = ours.filter(([first]) => first.length === ADDRESS_BYTES[family])
  return [
    ...elements('bridges', [{ NFTA_SET_ELEM_KEY: key(name) }]),
    ...elements('internal', internal ? [{ NFTA_SET_ELEM_KEY: key(name) }] : []),
    ...elements('same', isolated ? [] : [{ NFTA_SET_ELEM_KEY: key(name, name) }]),
    ...elements(
      'within',
      own.map(([first, last]) => ({
        NFTA_SET_ELEM_KEY: key(name, first),
        NFTA_SET_ELEM_KEY_END: key(name, last),
      })),
    ),
    // Intervals of one part are two elements: where one begins, and the first behind its end.
    ...elements(
      'masqueraded',
      masquerade
        ? own.flatMap(([first, last]) => [
            { NFTA_SET_ELEM_KEY: key(first) },
            { NFTA_SET_ELEM_KEY: key(successor(last)), NFTA_SET_ELEM_FLAGS: INTERVAL_END },
          ])
        : [],
    ),
  ]
}

const INTERVAL_END = 1

function successor(address: Uint8Array): Uint8Array {
  const next = address.slice()
  for (let i = next.length - 1; i >= 0; i--) {
    next[i] = (next[i]! + 1) & 0xff
    if (next[i] !== 0) break
  }
  return next
}
