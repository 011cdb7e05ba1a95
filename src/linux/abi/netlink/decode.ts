/** What the kernel answers: messages, their attributes by name, errors and their words (NETLINK_EXT_ACK). */
import { layoutOf } from '../structs.ts'
import { printAddress, printMac } from './address.ts'
import { ATTRIBUTES, type Group, groupNamed } from './attributes.ts'
import { MESSAGES, type MessageType } from './messages.ts'

const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const NLMSG_HDRLEN = 16
const NLM_F_CAPPED = 0x100
const NLM_F_ACK_TLVS = 0x200
const NLMSGERR_ATTR_MSG = 1
const NLA_TYPE_MASK = 0x3fff

/** Attributes by name, those that the table lacks left out. */
export interface Decoded {
  readonly [name: string]: unknown
}

export type Answer =
  | { readonly is: 'message'; readonly code: number; readonly payload: Uint8Array }
  /** An acknowledgement, or with errno an error and what the kernel says of it. */
  | { readonly is: 'end'; readonly number: number; readonly errno: number; readonly words?: string }

/** The messages in what one recv(2) brought. */
export function decodeAnswers(bytes: Uint8Array): Answer[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const answers: Answer[] = []
  for (let at = 0; at + NLMSG_HDRLEN <= bytes.length; ) {
    const length = view.getUint32(at, true)
    if (length < NLMSG_HDRLEN || at + length > bytes.length) break
    const code = view.getUint16(at + 4, true)
    const payload = bytes.subarray(at + NLMSG_HDRLEN, at + length)
    if (code === NLMSG_ERROR || code === NLMSG_DONE) {
      const errno = payload.length >= 4 ? -view.getInt32(at + NLMSG_HDRLEN, true) : 0
      const words = errno === 0 ? undefined : wordsOf(payload, view.getUint16(at + 6, true))
      const number = view.getUint32(at + 8, true)
      answers.push({ is: 'end', number, errno, ...(words === undefined ? {} : { words }) })
    } else {
      answers.push({ is: 'message', code, payload })
    }
    at += Math.ceil(length / 4) * 4
  }
  return answers
}

/** Behind the errno stands the header of the request, or all of it, then attributes. */
function wordsOf(payload: Uint8Array, flags: number): string | undefined {
  if (!(flags & NLM_F_ACK_TLVS)) return undefined
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const echoed = flags & NLM_F_CAPPED ? NLMSG_HDRLEN : Math.ceil(view.getUint32(4, true) / 4) * 4
  for (const { number, value } of attributesIn(payload.subarray(4 + echoed)))
    if (number === NLMSGERR_ATTR_MSG) return text(value)
  return undefined
}

function* attributesIn(bytes: Uint8Array): Generator<{ number: number; value: Uint8Array }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = view.getUint16(at, true)
    if (length < 4 || at + length > bytes.length) return
    yield {
      number: view.getUint16(at + 2, true) & NLA_TYPE_MASK,
      value: bytes.subarray(at + 4, at + length),
    }
    at += Math.ceil(length / 4) * 4
  }
}

const decoder = new TextDecoder()
const text = (bytes: Uint8Array): string => decoder.decode(bytes).replace(/\0.*$/s, '')

/** Header and attributes of a message; undefined for a message of another type. */
export function decodeMessage(
  type: MessageType,
  answer: Answer,
): { header: Record<string, number>; attributes: Decoded } | undefined {
  const [code, struct, group] = MESSAGES[type]
  if (answer.is !== 'message' || answer.code !== code) return undefined
  const { payload } = answer
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const layout = layoutOf(struct)
  const header: Record<string, number> = {}
  for (const { name, type: field, offset } of layout.fields) {
    if (field === 'u8') header[name] = view.getUint8(offset)
    else if (field === 'u16') header[name] = view.getUint16(offset, true)
    else header[name] = view.getInt32(offset, true)
  }
  return { header, attributes: decodeAttributes(group, payload.subarray(Math.ceil(layout.size / 4) * 4)) }
}

export function decodeAttributes(group: Group, bytes: Uint8Array): Decoded {
  const rows = Object.entries(ATTRIBUTES[group] as Record<string, readonly [number, string]>)
  const decoded: Record<string, unknown> = {}
  for (const { number, value } of attributesIn(bytes)) {
    const row = rows.find(([, [known]]) => known === number)
    if (!row) continue
    const [name, [, kind]] = row
    const below = kind.startsWith('=') ? groupNamed(String(decoded[kind.slice(1)])) : groupNamed(kind)
    if (kind.startsWith('[]')) {
      const inner = kind.slice(2) as Group
      decoded[name] = [...attributesIn(value)].map((one) => decodeAttributes(inner, one.value))
    } else if (below) decoded[name] = decodeAttributes(below, value)
    else decoded[name] = decodeValue(kind, value)
  }
  return decoded
}

function decodeValue(kind: string, bytes: Uint8Array): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  switch (kind) {
    case 'string':
      return text(bytes)
    case 'flag':
      return true
    case 'address':
      return printAddress(bytes)
    case 'mac':
      return printMac(bytes)
    case 'u8':
      return view.getUint8(0)
    case 'u16':
    case 'be16':
      return view.getUint16(0, kind === 'u16')
    case 'u32':
    case 'be32':
      return view.getUint32(0, kind === 'u32')
    case 'u64':
    case 'be64':
      return view.getBigUint64(0, kind === 'u64')
    default:
      return bytes.slice()
  }
}
