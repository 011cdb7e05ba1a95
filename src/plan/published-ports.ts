/**
 * Published ports: each is one element of a map of nf_tables (nft(8)) that leads from a port of the host to one of the
 * container, and a socket that keeps the port from everybody else for as long as the monitor lives.
 *
 * The table with its chains is there already (network/firewall.ts): publishing changes no rule.
 */
import { AF, IPPROTO, IPV6, NFPROTO, NLM_F, SO, SOCK, SOL } from '../linux/abi/flags.ts'
import { addressBytes } from '../linux/abi/netlink/address.ts'
import { type Message, message } from '../linux/abi/netlink/messages.ts'
import { netlinkSocket } from './network.ts'
import { call, composed, type Step, slot, struct } from './step.ts'

export type Protocol = 'tcp' | 'udp' | 'sctp'

export interface PublishedPort {
  readonly protocol: Protocol
  /** `0.0.0.0` and `::` mean every address of the host. */
  readonly hostAddress: string
  readonly hostPort: number
  readonly address: string
  readonly port: number
}

/** Names in our tables, one a family: `ip tinyctr`, `ip6 tinyctr`. */
export const TABLE = 'tinyctr'
export const PORTS = 'ports'
export const PORTS_AT = 'ports_at'

const isIpv6 = ({ address }: PublishedPort): boolean => address.includes(':')
const isEverywhere = ({ hostAddress }: PublishedPort): boolean => /^(0\.0\.0\.0|::)$/.test(hostAddress)

/** Before the clone: a port that is taken ends the start before it began. */
export function holdPortSteps(ports: readonly PublishedPort[]): Step[] {
  return ports.flatMap((port) => {
    const at = '--publish'
    const name = `${port.hostAddress.includes(':') ? `[${port.hostAddress}]` : port.hostAddress}:${port.hostPort}/${port.protocol}`
    const socket = slot(`port_${port.protocol}_${port.hostPort}_${port.hostAddress.replace(/[.:]/g, '_')}`)
    const six = isIpv6(port)
    const type = port.protocol === 'udp' ? SOCK.DGRAM : SOCK.STREAM
    const protocol = IPPROTO[port.protocol.toUpperCase() as 'TCP' | 'UDP' | 'SCTP']
    const one = struct('int', { value: 1 })
    return [
      call('socket', [six ? AF.INET6 : AF.INET, type | SOCK.CLOEXEC, protocol], {
        into: socket,
        why: `hold ${name} for the container`,
        at,
      }),
      ...(six
        ? [
            call(
              'setsockopt',
              [
                socket,
                { name: 'IPPROTO_IPV6', value: IPPROTO.IPV6 },
                { name: 'IPV6_V6ONLY', value: IPV6.V6ONLY },
                one,
              ],
              {
                why: 'the IPv4 port is another',
                at,
              },
            ),
          ]
        : []),
      ...(port.protocol === 'udp'
        ? []
        : [
            call('setsockopt', [socket, SOL.SOCKET, { name: 'SO_REUSEADDR', value: SO.REUSEADDR }, one], {
              why: 'connections of an earlier holder may still be closing',
              at,
            }),
          ]),
      call('bind', [socket, socketAddress(port)], { why: `take ${name}`, at }),
      // Two sockets that may share a port can, until one listens. To ::1 nf_tables cannot lead, so that one stays closed.
      ...(port.protocol === 'tcp' && !six
        ? [call('listen', [socket, 1], { why: `hold ${name} against every other program`, at })]
        : []),
    ]
  })
}

function socketAddress({ hostAddress, hostPort }: PublishedPort) {
  const bytes = addressBytes(hostAddress) as Uint8Array
  const port = ((hostPort & 0xff) << 8) | (hostPort >> 8)
  if (bytes.length === 4)
    return struct('sockaddr_in', {
      sin_family: AF.INET,
      sin_port: port,
      sin_addr: new DataView(bytes.buffer).getUint32(0, true),
    })
  const address = new Uint8Array(28)
  new DataView(address.buffer).setUint16(0, AF.INET6, true)
  new DataView(address.buffer).setUint16(2, port, true)
  address.set(bytes, 8)
  return address
}

/** Filled when the maps are ours: what another container holds is not taken from it. */
const PUBLISHED = slot('published')

/** After the clone: from now on the port leads to the container. */
export function publishSteps(ports: readonly PublishedPort[]): Step[] {
  if (ports.length === 0) return []
  const at = '--publish'
  return [
    ...netlinkSocket('netfilter', 'NETFILTER', at),
    composed('netlink', [slot('netfilter'), { netlink: portMessages('NFT_MSG_NEWSETELEM', ports) }], {
      why: `let ${ports.map((port) => `${port.hostPort}/${port.protocol}`).join(', ')} lead to the container`,
      at,
      into: PUBLISHED,
    }),
  ]
}

/** Where a firewall was loaded anew, or the host is going down, they are gone already. */
export function unpublishSteps(ports: readonly PublishedPort[]): Step[] {
  if (ports.length === 0) return []
  return [
    composed(
      'netlink',
      [slot('netfilter'), { netlink: portMessages('NFT_MSG_DELSETELEM', ports) }, PUBLISHED],
      {
        why: 'its ports lead nowhere any more',
        at: '--publish',
        tolerate: ['ENOENT'],
      },
    ),
    composed('linger', [slot('netfilter'), PUBLISHED], {
      why: 'closing it waits until no packet can meet the old elements: that need not be us',
      at: '--publish',
    }),
  ]
}

/** NFNL_SUBSYS_NFTABLES in network order. */
const SUBSYSTEM = { res_id: 10 }

/** One transaction: all of the messages take effect, or none. */
export const transaction = (messages: readonly Message[]): Message[] => [
  message('NFNL_MSG_BATCH_BEGIN', 0, SUBSYSTEM),
  ...messages,
  message('NFNL_MSG_BATCH_END', 0, SUBSYSTEM),
]

/** The elements of `ports` added to their maps or taken from them. */
export function portMessages(
  type: 'NFT_MSG_NEWSETELEM' | 'NFT_MSG_DELSETELEM',
  ports: readonly PublishedPort[],
): Message[] {
  const adds = type === 'NFT_MSG_NEWSETELEM'
  return transaction(
    ports.map((port) =>
      message(
        type,
        adds ? NLM_F.CREATE | NLM_F.EXCL : 0,
        { nfgen_family: isIpv6(port) ? NFPROTO.IPV6 : NFPROTO.IPV4 },
        {
          NFTA_SET_ELEM_LIST_TABLE: TABLE,
          NFTA_SET_ELEM_LIST_SET: isEverywhere(port) ? PORTS : PORTS_AT,
          NFTA_SET_ELEM_LIST_ELEMENTS: [
            {
              NFTA_SET_ELEM_KEY: { NFTA_DATA_VALUE: keyOf(port) },
              ...(adds ? { NFTA_SET_ELEM_DATA: { NFTA_DATA_VALUE: targetOf(port) } } : {}),
            },
          ],
        },
      ),
    ),
  )
}

/** [address .] protocol . port, each on a boundary of 4, as registers hold them. */
function keyOf(port: PublishedPort): Uint8Array {
  const address = isEverywhere(port) ? [] : [...(addressBytes(port.hostAddress) as Uint8Array)]
  const protocol = IPPROTO[port.protocol.toUpperCase() as 'TCP' | 'UDP' | 'SCTP']
  return Uint8Array.from([...address, protocol, 0, 0, 0, port.hostPort >> 8, port.hostPort & 0xff, 0, 0])
}

const targetOf = ({ address, port }: PublishedPort): Uint8Array =>
  Uint8Array.from([...(addressBytes(address) as Uint8Array), port >> 8, port & 0xff, 0, 0])
