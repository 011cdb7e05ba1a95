/**
 * Looks at what a start on a network depends on, by calls that a prepared start can ask again (linux/premises.ts): one
 * question, one answer, of which one part counts.
 */
import { AF, NETLINK, NFPROTO, SOCK } from '../linux/abi/flags.ts'
import { decodeAnswers, decodeMessage } from '../linux/abi/netlink/decode.ts'
import { encodeMessages } from '../linux/abi/netlink/encode.ts'
import { type Message, type MessageType, message } from '../linux/abi/netlink/messages.ts'
import { call } from '../linux/call.ts'
import { lookedAt, spoilPremises } from '../linux/premises.ts'
import { TABLE } from '../plan/published-ports.ts'

/** Offsets in an answer: the header's type, and the index of a device. */
const TYPE = [4, 2] as const
const INDEX = [20, 4] as const
const ANSWER_BYTES = 16 * 1024

/** The index of a device, or undefined: such a start is prepared anew. */
export function lookForDevice(name: string): number | undefined {
  const request = message('RTM_GETLINK', 0, {}, { IFLA_IFNAME: name })
  return look(NETLINK.ROUTE, request, 'RTM_NEWLINK', INDEX)?.header.ifi_index
}

/** Whether the tables of firewall.ts are there: a firewall that is loaded anew takes them away. */
export function lookForFirewall(): boolean {
  const request = message('NFT_MSG_GETTABLE', 0, { nfgen_family: NFPROTO.IPV4 }, { NFTA_TABLE_NAME: TABLE })
  return look(NETLINK.NETFILTER, request, 'NFT_MSG_NEWTABLE', TYPE) !== undefined
}

function look(
  protocol: number,
  request: Message,
  answered: MessageType,
  counts: readonly [offset: number, length: number],
): ReturnType<typeof decodeMessage> {
  const fd = call('socket', [AF.NETLINK, SOCK.RAW | SOCK.CLOEXEC, protocol])
  call('sendto', [fd, encodeMessages([request]).bytes, 0, null, 0])
  const buffer = new Uint8Array(ANSWER_BYTES)
  const length = call('recvfrom', [fd, buffer, 0, null, null])
  lookedAt(counts)
  call('close', [fd])
  for (const answer of decodeAnswers(buffer.subarray(0, length))) {
    const found = decodeMessage(answered, answer)
    if (found) return found
  }
  spoilPremises()
  return undefined
}
