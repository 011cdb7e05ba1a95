/** Netlink sockets (netlink(7)): requests that change something, questions that bring a list. */
import { AF, NETLINK, SOCK, SOL } from './abi/flags.ts'
import { type Answer, decodeAnswers, decodeMessage } from './abi/netlink/decode.ts'
import { encodeMessages, lastAcknowledged } from './abi/netlink/encode.ts'
import { type Message, type MessageType, message } from './abi/netlink/messages.ts'
import { printBatch } from './abi/netlink/print.ts'
import { printFlags } from './abi/print-call.ts'
import { call } from './call.ts'
import { KernelError } from './kernel-error.ts'

const ANSWER_BYTES = 64 * 1024
const DUMP = 0x300

/** A socket of the calling thread's network namespace. @throws KernelError */
export function openNetlink(protocol: number): number {
  const fd = call('socket', [AF.NETLINK, SOCK.RAW | SOCK.CLOEXEC, protocol])
  for (const option of [NETLINK.CAP_ACK, NETLINK.EXT_ACK])
    call('setsockopt', [fd, SOL.NETLINK, option, { struct: 'int', fields: { value: 1 } }])
  return fd
}

/** Runs `work` with a socket that is closed afterwards. */
export function withNetlink<T>(protocol: number, work: (fd: number) => T): T {
  const fd = openNetlink(protocol)
  try {
    return work(fd)
  } finally {
    call('close', [fd])
  }
}

/** Sends messages that change something. @throws KernelError the first error, with the kernel's words */
export function transact(fd: number, messages: readonly Message[]): void {
  const { bytes } = encodeMessages(messages)
  const last = lastAcknowledged({ netlink: messages })
  call('sendto', [fd, bytes, 0, null, 0])
  for (;;) {
    for (const answer of receive(fd)) {
      if (answer.is !== 'end') continue
      if (answer.errno !== 0) throw refusal(messages, answer)
      if (answer.number === last) return
    }
  }
}

/** The same with a socket of its own, where a refusal is no matter. @returns whether the kernel took it */
export function attemptTransaction(protocol: number, messages: readonly Message[]): boolean {
  try {
    withNetlink(protocol, (fd) => transact(fd, messages))
    return true
  } catch (error) {
    if (error instanceof KernelError) return false
    throw error
  }
}

export type Received = NonNullable<ReturnType<typeof decodeMessage>>

/** All that the kernel has of one kind, or the one that the request names. @throws KernelError */
export function ask(fd: number, request: Message, answered: MessageType, all = true): Received[] {
  const asked = { ...request, flags: all ? DUMP : 0 }
  call('sendto', [fd, encodeMessages([asked]).bytes, 0, null, 0])
  const found: Received[] = []
  for (;;) {
    for (const answer of receive(fd)) {
      if (answer.is === 'end') {
        if (answer.errno !== 0) throw refusal([asked], answer)
        return found
      }
      const decoded = decodeMessage(answered, answer)
      if (decoded) found.push(decoded)
    }
  }
}

/** The index of a network device, or undefined. @throws KernelError */
export function linkIndex(fd: number, name: string): number | undefined {
  try {
    const request = message('RTM_GETLINK', 0, {}, { IFLA_IFNAME: name })
    return ask(fd, request, 'RTM_NEWLINK', false)[0]?.header.ifi_index
  } catch (error) {
    if (error instanceof KernelError && error.errno === ENODEV) return undefined
    throw error
  }
}

const ENODEV = 19
const buffer = new Uint8Array(ANSWER_BYTES)

const receive = (fd: number): Answer[] =>
  decodeAnswers(buffer.slice(0, call('recvfrom', [fd, buffer, 0, null, null])))

function refusal(
  messages: readonly Message[],
  { errno, number, words }: Answer & { is: 'end' },
): KernelError {
  const refused = messages[number - 1]
  const printed = printBatch({ netlink: refused ? [refused] : messages }, printFlags)
  return new KernelError('sendto', errno, words === undefined ? printed : `${printed}: ${words}`)
}
