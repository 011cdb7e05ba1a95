/**
 * Netlink messages: type, fixed header, attributes. rtnetlink(7) configures links, addresses, routes and queues;
 * nfnetlink configures nf_tables. A batch of them is one argument of a plan's step.
 */
import type { Slot } from '../kinds.ts'
import type { ATTRIBUTES, Group } from './attributes.ts'

type Row = readonly [
  type: number,
  header: 'ifinfomsg' | 'ifaddrmsg' | 'rtmsg' | 'ndmsg' | 'tcmsg' | 'rtgenmsg' | 'nfgenmsg',
  group: Group,
]
const rows = <const T extends Record<string, Row>>(table: T): T => table

/** NFNL_SUBSYS_NFTABLES, in the high byte of the type. */
const NFT = 10 << 8

export const MESSAGES = rows({
  RTM_NEWLINK: [16, 'ifinfomsg', 'link'],
  RTM_DELLINK: [17, 'ifinfomsg', 'link'],
  RTM_GETLINK: [18, 'ifinfomsg', 'link'],
  RTM_SETLINK: [19, 'ifinfomsg', 'link'],
  RTM_NEWADDR: [20, 'ifaddrmsg', 'ifAddress'],
  RTM_DELADDR: [21, 'ifaddrmsg', 'ifAddress'],
  RTM_GETADDR: [22, 'ifaddrmsg', 'ifAddress'],
  RTM_NEWROUTE: [24, 'rtmsg', 'route'],
  RTM_DELROUTE: [25, 'rtmsg', 'route'],
  RTM_GETROUTE: [26, 'rtmsg', 'route'],
  RTM_NEWNEIGH: [28, 'ndmsg', 'neighbour'],
  RTM_DELNEIGH: [29, 'ndmsg', 'neighbour'],
  RTM_NEWQDISC: [36, 'tcmsg', 'traffic'],
  RTM_GETQDISC: [38, 'tcmsg', 'traffic'],
  RTM_NEWNSID: [88, 'rtgenmsg', 'namespace'],
  RTM_GETNSID: [90, 'rtgenmsg', 'namespace'],
  NFNL_MSG_BATCH_BEGIN: [16, 'nfgenmsg', 'batch'],
  NFNL_MSG_BATCH_END: [17, 'nfgenmsg', 'batch'],
  NFT_MSG_NEWTABLE: [NFT + 0, 'nfgenmsg', 'table'],
  NFT_MSG_GETTABLE: [NFT + 1, 'nfgenmsg', 'table'],
  NFT_MSG_DELTABLE: [NFT + 2, 'nfgenmsg', 'table'],
  NFT_MSG_NEWCHAIN: [NFT + 3, 'nfgenmsg', 'chain'],
  NFT_MSG_NEWRULE: [NFT + 6, 'nfgenmsg', 'rule'],
  NFT_MSG_NEWSET: [NFT + 9, 'nfgenmsg', 'set'],
  NFT_MSG_NEWSETELEM: [NFT + 12, 'nfgenmsg', 'elements'],
  NFT_MSG_GETSETELEM: [NFT + 13, 'nfgenmsg', 'elements'],
  NFT_MSG_DELSETELEM: [NFT + 14, 'nfgenmsg', 'elements'],
})

export type MessageType = keyof typeof MESSAGES

type ValueOf<Kind> = Kind extends 'u8' | 'u16' | 'be16'
  ? number
  : Kind extends 'u32' | 'be32'
    ? number | Slot
    : Kind extends 'u64' | 'be64'
      ? bigint
      : Kind extends 'string' | 'address' | 'mac'
        ? string
        : Kind extends 'flag'
          ? true
          : Kind extends 'bytes'
            ? Uint8Array
            : Kind extends 'peer'
              ? { readonly header: Header } & Attributes<'link'>
              : Kind extends `[]${infer G extends Group}`
                ? readonly Attributes<G>[]
                : Kind extends `=${string}`
                  ? AnyAttributes
                  : Kind extends Group
                    ? Attributes<Kind>
                    : never

export type Attributes<G extends Group> = {
  readonly [Name in keyof (typeof ATTRIBUTES)[G]]?: (typeof ATTRIBUTES)[G][Name] extends readonly [
    number,
    infer Kind,
  ]
    ? ValueOf<Kind>
    : never
}

/** Where a sibling chooses the group, only the encoder knows which names may stand there. */
export interface AnyAttributes {
  readonly [name: string]: unknown
}

/** Fields of the fixed header by their kernel names; a missing field is 0. */
export interface Header {
  readonly [field: string]: number | Slot | Sum
}

/** A number of three bytes on top of another whose three lowest are 0. */
export interface Sum {
  readonly base: number
  readonly plus: number | Slot
}

export interface Message {
  readonly type: MessageType
  /** NLM_F_*, besides NLM_F_REQUEST and NLM_F_ACK. */
  readonly flags: number
  readonly header: Header
  readonly attributes: AnyAttributes
}

/** Messages that go to the kernel in one send. */
export interface Batch {
  readonly netlink: readonly Message[]
}

export const isBatch = (value: unknown): value is Batch =>
  typeof value === 'object' && value !== null && 'netlink' in value

type GroupOf<Type extends MessageType> = (typeof MESSAGES)[Type][2]

/** One message, its attributes typed by its row. */
export const message = <Type extends MessageType>(
  type: Type,
  flags: number,
  header: Header,
  attributes: Attributes<GroupOf<Type>> = {},
): Message => ({ type, flags, header, attributes: attributes as AnyAttributes })
