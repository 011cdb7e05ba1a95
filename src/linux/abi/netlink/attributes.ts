/**
 * Netlink attributes (rtnetlink(7), linux/netfilter/nf_tables.h) as one table: the number and the kind of value of each,
 * in groups, as the kernel nests them. It types the builders, encodes them and gives decoded answers their names.
 *
 * A kind is a plain value, the name of the group nested below it, `[]` of a group (NFTA_LIST_ELEM, again and again), or
 * `=NAME`: a group that the sibling attribute NAME chooses by its text.
 */

export type Plain =
  | 'u8'
  | 'u16'
  | 'u32'
  | 'u64'
  | 'be16'
  | 'be32'
  | 'be64'
  | 'string'
  | 'flag'
  | 'bytes'
  | 'address'
  | 'mac'

type Row = readonly [number: number, kind: string]
const groups = <const T extends Record<string, Record<string, Row>>>(rows: T): T => rows

export const ATTRIBUTES = groups({
  /** RTM_*LINK */
  link: {
    IFLA_ADDRESS: [1, 'mac'],
    IFLA_IFNAME: [3, 'string'],
    IFLA_MTU: [4, 'u32'],
    IFLA_LINK: [5, 'u32'],
    IFLA_MASTER: [10, 'u32'],
    IFLA_PROTINFO: [12, 'bridgePort'],
    IFLA_LINKINFO: [18, 'linkInfo'],
    IFLA_NET_NS_PID: [19, 'u32'],
    IFLA_IFALIAS: [20, 'string'],
    IFLA_NET_NS_FD: [28, 'u32'],
    IFLA_EXT_MASK: [29, 'u32'],
    IFLA_LINK_NETNSID: [37, 'u32'],
  },
  linkInfo: {
    IFLA_INFO_KIND: [1, 'string'],
    IFLA_INFO_DATA: [2, '=IFLA_INFO_KIND'],
    IFLA_INFO_SLAVE_KIND: [4, 'string'],
    IFLA_INFO_SLAVE_DATA: [5, 'bridgePort'],
  },
  bridge: {
    IFLA_BR_FORWARD_DELAY: [1, 'u32'],
    IFLA_BR_STP_STATE: [5, 'u32'],
    IFLA_BR_MCAST_SNOOPING: [23, 'u8'],
  },
  bridgePort: {
    IFLA_BRPORT_MODE: [4, 'u8'],
    IFLA_BRPORT_LEARNING: [8, 'u8'],
    IFLA_BRPORT_ISOLATED: [33, 'u8'],
    IFLA_BRPORT_LOCKED: [39, 'u8'],
  },
  veth: { VETH_INFO_PEER: [1, 'peer'] },
  macvlan: { IFLA_MACVLAN_MODE: [1, 'u32'] },
  ipvlan: { IFLA_IPVLAN_MODE: [1, 'u16'] },
  vxlan: {
    IFLA_VXLAN_ID: [1, 'u32'],
    IFLA_VXLAN_GROUP: [2, 'address'],
    IFLA_VXLAN_LINK: [3, 'u32'],
    IFLA_VXLAN_LOCAL: [4, 'address'],
    IFLA_VXLAN_PORT: [15, 'be16'],
  },
  dummy: {},
  ifb: {},
  /** RTM_*ADDR */
  ifAddress: {
    IFA_ADDRESS: [1, 'address'],
    IFA_LOCAL: [2, 'address'],
    IFA_LABEL: [3, 'string'],
    IFA_BROADCAST: [4, 'address'],
    IFA_FLAGS: [8, 'u32'],
  },
  /** RTM_*ROUTE */
  route: {
    RTA_DST: [1, 'address'],
    RTA_OIF: [4, 'u32'],
    RTA_GATEWAY: [5, 'address'],
    RTA_PRIORITY: [6, 'u32'],
    RTA_PREFSRC: [7, 'address'],
    RTA_TABLE: [15, 'u32'],
  },
  /** RTM_*NEIGH */
  neighbour: {
    NDA_DST: [1, 'address'],
    NDA_LLADDR: [2, 'mac'],
    NDA_MASTER: [9, 'u32'],
  },
  /** RTM_*QDISC, RTM_*TFILTER */
  traffic: {
    TCA_KIND: [1, 'string'],
    TCA_OPTIONS: [2, '=TCA_KIND'],
  },
  tbf: {
    TCA_TBF_PARMS: [1, 'bytes'],
    TCA_TBF_RTAB: [2, 'bytes'],
    TCA_TBF_RATE64: [4, 'u64'],
    TCA_TBF_BURST: [6, 'u32'],
  },
  /** RTM_*NSID */
  namespace: {
    NETNSA_NSID: [1, 'u32'],
    NETNSA_PID: [2, 'u32'],
    NETNSA_FD: [3, 'u32'],
  },

  table: { NFTA_TABLE_NAME: [1, 'string'], NFTA_TABLE_FLAGS: [2, 'be32'] },
  chain: {
    NFTA_CHAIN_TABLE: [1, 'string'],
    NFTA_CHAIN_NAME: [3, 'string'],
    NFTA_CHAIN_HOOK: [4, 'hook'],
    NFTA_CHAIN_POLICY: [5, 'be32'],
    NFTA_CHAIN_TYPE: [7, 'string'],
  },
  hook: { NFTA_HOOK_HOOKNUM: [1, 'be32'], NFTA_HOOK_PRIORITY: [2, 'be32'] },
  rule: {
    NFTA_RULE_TABLE: [1, 'string'],
    NFTA_RULE_CHAIN: [2, 'string'],
    NFTA_RULE_HANDLE: [3, 'be64'],
    NFTA_RULE_EXPRESSIONS: [4, '[]expression'],
  },
  expression: { NFTA_EXPR_NAME: [1, 'string'], NFTA_EXPR_DATA: [2, '=NFTA_EXPR_NAME'] },
  meta: { NFTA_META_DREG: [1, 'be32'], NFTA_META_KEY: [2, 'be32'] },
  cmp: { NFTA_CMP_SREG: [1, 'be32'], NFTA_CMP_OP: [2, 'be32'], NFTA_CMP_DATA: [3, 'data'] },
  data: { NFTA_DATA_VALUE: [1, 'bytes'], NFTA_DATA_VERDICT: [2, 'verdict'] },
  verdict: { NFTA_VERDICT_CODE: [1, 'be32'], NFTA_VERDICT_CHAIN: [2, 'string'] },
  immediate: { NFTA_IMMEDIATE_DREG: [1, 'be32'], NFTA_IMMEDIATE_DATA: [2, 'data'] },
  bitwise: {
    NFTA_BITWISE_SREG: [1, 'be32'],
    NFTA_BITWISE_DREG: [2, 'be32'],
    NFTA_BITWISE_LEN: [3, 'be32'],
    NFTA_BITWISE_MASK: [4, 'data'],
    NFTA_BITWISE_XOR: [5, 'data'],
  },
  payload: {
    NFTA_PAYLOAD_DREG: [1, 'be32'],
    NFTA_PAYLOAD_BASE: [2, 'be32'],
    NFTA_PAYLOAD_OFFSET: [3, 'be32'],
    NFTA_PAYLOAD_LEN: [4, 'be32'],
  },
  lookup: {
    NFTA_LOOKUP_SET: [1, 'string'],
    NFTA_LOOKUP_SREG: [2, 'be32'],
    NFTA_LOOKUP_DREG: [3, 'be32'],
    NFTA_LOOKUP_FLAGS: [5, 'be32'],
  },
  ct: { NFTA_CT_DREG: [1, 'be32'], NFTA_CT_KEY: [2, 'be32'] },
  fib: { NFTA_FIB_DREG: [1, 'be32'], NFTA_FIB_RESULT: [2, 'be32'], NFTA_FIB_FLAGS: [3, 'be32'] },
  nat: {
    NFTA_NAT_TYPE: [1, 'be32'],
    NFTA_NAT_FAMILY: [2, 'be32'],
    NFTA_NAT_REG_ADDR_MIN: [3, 'be32'],
    NFTA_NAT_REG_PROTO_MIN: [5, 'be32'],
  },
  masq: {},
  reject: { NFTA_REJECT_TYPE: [1, 'be32'], NFTA_REJECT_ICMP_CODE: [2, 'u8'] },
  set: {
    NFTA_SET_TABLE: [1, 'string'],
    NFTA_SET_NAME: [2, 'string'],
    NFTA_SET_FLAGS: [3, 'be32'],
    NFTA_SET_KEY_TYPE: [4, 'be32'],
    NFTA_SET_KEY_LEN: [5, 'be32'],
    NFTA_SET_DATA_TYPE: [6, 'be32'],
    NFTA_SET_DATA_LEN: [7, 'be32'],
    NFTA_SET_DESC: [9, 'setDescription'],
    NFTA_SET_ID: [10, 'be32'],
    NFTA_SET_USERDATA: [13, 'bytes'],
  },
  setDescription: { NFTA_SET_DESC_SIZE: [1, 'be32'], NFTA_SET_DESC_CONCAT: [2, '[]setField'] },
  setField: { NFTA_SET_FIELD_LEN: [1, 'be32'] },
  elements: {
    NFTA_SET_ELEM_LIST_TABLE: [1, 'string'],
    NFTA_SET_ELEM_LIST_SET: [2, 'string'],
    NFTA_SET_ELEM_LIST_ELEMENTS: [3, '[]element'],
  },
  element: {
    NFTA_SET_ELEM_KEY: [1, 'data'],
    NFTA_SET_ELEM_DATA: [2, 'data'],
    NFTA_SET_ELEM_FLAGS: [3, 'be32'],
    NFTA_SET_ELEM_KEY_END: [10, 'data'],
  },
  batch: {},
})

export type Group = keyof typeof ATTRIBUTES

/** The attribute by which lists are built. */
export const NFTA_LIST_ELEM = 1

/** The group below an attribute that its sibling chooses; undefined for what the table does not know. */
export const groupNamed = (name: string): Group | undefined =>
  Object.hasOwn(ATTRIBUTES, name) ? (name as Group) : undefined
