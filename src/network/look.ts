/**
 * Looks at what a start on a network depends on, by calls that a prepared start can ask again (linux/premises.ts): one
 * question, one answer, of which one part counts.
 */
import { E } from '../linux/abi/errno.ts'
import { AF, NETLINK, NFPROTO, SOCK } from '../linux/abi/flags.ts'
import { decodeAnswers, decodeMessage } from '../linux/abi/netlink/decode.ts'
import { encodeMessages } from '../linux/abi/netlink/encode.ts'
import { type Message, type MessageType, message } from '../linux/abi/netlink/messages.ts'
import { attempt, call } from '../linux/call.ts'
import { lookedAt, spoilPremises } from '../linux/premises.ts'
import { TABLE } from '../plan/published-ports.ts'

/** Parts of an answer: the header's type, what an error is, the index of a device. */
const TYPE = [4, 2] as const
const ERROR = [16, 4] as const
const INDEX = [20, 4] as const
const ANSWER_BYTES = 16 * 1024

/** The index of a device, or undefined: such a start is prepared anew. */
export function lookForDevice(name: string): number | undefined {
  const request = message('RTM_GETLINK', 0, {}, { IFLA_IFNAME: name })
  const { found } = look(NETLINK.ROUTE, request, 'RTM_NEWLINK', INDEX)
  if (!found) spoilPremises()
  return found?.header.ifi_index
}

/**
 * Whether the tables of firewall.ts are there: 0, ENOENT (a firewall that is loaded anew takes them away, a start makes
 * them), or why there can be none.
 */
export function lookForFirewall(): number {
  const request = message('NFT_MSG_GETTABLE', 0, { nfgen_family: NFPROTO.IPV4 }, { NFTA_TABLE_NAME: TABLE })
  const { errno } = look(NETLINK.NETFILTER, request, 'NFT_MSG_NEWTABLE', TYPE)
  if (errno === E.NOENT) spoilPremises()
  return errno
}

function look(
  protocol: number,
  request: Message,
  answered: MessageType,
  counts: readonly [offset: number, length: number],
): { errno: number; found?: NonNullable<ReturnType<typeof decodeMessage>> } {
  const fd = attempt('socket', [AF.NETLINK, SOCK.RAW | SOCK.CLOEXEC, protocol])
  if (fd < 0) return { errno: -fd }
  call('sendto', [fd, encodeMessages([request]).bytes, 0, null, 0])
  const buffer = new Uint8Array(ANSWER_BYTES)
  const length = call('recvfrom', [fd, buffer, 0, null, null])
  const answers = decodeAnswers(buffer.subarray(0, length))
  const [refusal] = answers.flatMap((answer) => (answer.is === 'end' && answer.errno !== 0 ? [answer] : []))
  lookedAt(...(refusal ? [TYPE, ERROR] : [counts]))
  call('close', [fd])
  if (refusal) return { errno: refusal.errno }
  const [found] = answers.flatMap((answer) => decodeMessage(answered, answer) ?? [])
  return found ? { errno: 0, found } : { errno: E.NOENT }
}
