/**
 * Netlink messages into bytes (netlink(7)): headers of 16 bytes, attributes on boundaries of 4. Messages are numbered
 * from 1; the last asks for an acknowledgement, so one answer says that all went well: an error before it comes anyway.
 */
import { isSlot, type Slot } from '../kinds.ts'
import { Segment } from '../segment.ts'
import { layoutOf, type StructName } from '../structs.ts'
import { addressBytes, macBytes } from './address.ts'
import { ATTRIBUTES, type Group, groupNamed, NFTA_LIST_ELEM } from './attributes.ts'
import { type AnyAttributes, type Batch, type Header, MESSAGES, type Message } from './messages.ts'

const NLM_F_REQUEST = 1
const NLM_F_ACK = 4
const NLM_F_DUMP = 0x300
const NLA_F_NESTED = 0x8000
const NLMSG_HDRLEN = 16
const NLA_HDRLEN = 4

interface Hole {
  readonly offset: number
  readonly slot: Slot
  readonly width: 3 | 4
}

export interface EncodedMessages {
  readonly bytes: Uint8Array
  /** Where slots' numbers belong. */
  readonly slots: readonly Hole[]
}

/** The number of the message that is acknowledged: the last that is not the frame around a transaction. */
export const lastAcknowledged = ({ netlink }: Batch): number =>
  netlink.findLastIndex(({ type }) => !type.startsWith('NFNL_MSG_BATCH_')) + 1

interface Writer {
  readonly out: Segment
  readonly slots: Hole[]
}

export function encodeMessages(messages: readonly Message[]): EncodedMessages {
  const writer: Writer = { out: new Segment(new Uint8Array(2048), 0), slots: [] }
  const last = lastAcknowledged({ netlink: messages })
  messages.forEach((one, i) => {
    encodeMessage(writer, one, i + 1, i + 1 === last)
  })
  const { bytes, length } = writer.out
  return { bytes: bytes.subarray(0, length), slots: writer.slots }
}

function encodeMessage(
  writer: Writer,
  { type, flags, header, attributes }: Message,
  number: number,
  acknowledged: boolean,
): void {
  const { out } = writer
  const [code, struct, group] = MESSAGES[type]
  const start = out.reserve(NLMSG_HDRLEN, 4)
  const dump = (flags & NLM_F_DUMP) === NLM_F_DUMP && type.includes('_GET')
  putStruct(writer, struct, header)
  putAttributes(writer, group, attributes)
  out.view.setUint32(start, out.length - start, true)
  out.view.setUint16(start + 4, code, true)
  out.view.setUint16(start + 6, NLM_F_REQUEST | flags | (acknowledged && !dump ? NLM_F_ACK : 0), true)
  out.view.setUint32(start + 8, number, true)
}

function putStruct({ out, slots }: Writer, name: StructName, fields: Header): void {
  const layout = layoutOf(name)
  const offset = out.reserve(layout.size, 4)
  for (const [field, value] of Object.entries(fields)) {
    const known = layout.fields.find((one) => one.name === field)
    if (!known) throw new TypeError(`struct ${name} has no ${field}`)
    const at = offset + known.offset
    if (isSlot(value)) slots.push({ offset: at, slot: value, width: 4 })
    else if (typeof value === 'object') {
      // The highest byte is the base's.
      if (isSlot(value.plus)) slots.push({ offset: at, slot: value.plus, width: 3 })
      out.view.setUint32(at, value.base + (isSlot(value.plus) ? 0 : value.plus), true)
    }
    // Port and resource numbers of nfgenmsg are in network order (linux/netfilter/nfnetlink.h).
    else if (known.type === 'u16') out.view.setUint16(at, value, field !== 'res_id')
    else if (known.type === 'u8') out.bytes[at] = value
    else out.view.setUint32(at, value, true)
  }
}

function putAttributes(writer: Writer, group: Group, attributes: AnyAttributes): void {
  const table: Readonly<Record<string, readonly [number, string]>> = ATTRIBUTES[group]
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue
    const row = table[name]
    if (!row) throw new TypeError(`the attributes of ${group} have no ${name}`)
    const [number, kind] = row
    if (kind.startsWith('[]')) {
      const below = kind.slice(2) as Group
      nest(writer, number, () => {
        for (const one of value as readonly AnyAttributes[])
          nest(writer, NFTA_LIST_ELEM, () => putAttributes(writer, below, one))
      })
    } else if (kind === 'peer') {
      const { header, ...rest } = value as { header: Header } & AnyAttributes
      nest(writer, number, () => {
        putStruct(writer, 'ifinfomsg', header)
        putAttributes(writer, 'link', rest)
      })
    } else {
      const below = kind.startsWith('=') ? groupNamed(attributes[kind.slice(1)] as string) : groupNamed(kind)
      if (kind.startsWith('=') && !below)
        throw new TypeError(`no group of attributes is called ${attributes[kind.slice(1)]}`)
      if (below) nest(writer, number, () => putAttributes(writer, below, value as AnyAttributes))
      else putValue(writer, number, kind, value, name)
    }
  }
}

function nest({ out }: Writer, number: number, inside: () => void): void {
  const start = out.reserve(NLA_HDRLEN, 4)
  inside()
  out.view.setUint16(start, out.length - start, true)
  out.view.setUint16(start + 2, number | NLA_F_NESTED, true)
}

const encoder = new TextEncoder()

function putValue({ out, slots }: Writer, number: number, kind: string, value: unknown, name: string): void {
  const bytes = valueBytes(kind, isSlot(value) ? 0 : value)
  if (bytes === undefined) throw new TypeError(`${name} cannot be ${String(value)}`)
  const start = out.reserve(NLA_HDRLEN, 4)
  out.view.setUint16(start, NLA_HDRLEN + bytes.length, true)
  out.view.setUint16(start + 2, number, true)
  if (isSlot(value)) slots.push({ offset: start + NLA_HDRLEN, slot: value, width: 4 })
  const at = out.reserve(Math.ceil(bytes.length / 4) * 4, 4)
  out.bytes.set(bytes, at)
}

function valueBytes(kind: string, value: unknown): Uint8Array | undefined {
  switch (kind) {
    case 'string':
      return encoder.encode(`${value}\0`)
    case 'flag':
      return new Uint8Array(0)
    case 'bytes':
      return value as Uint8Array
    case 'address':
      return addressBytes(value as string)
    case 'mac':
      return macBytes(value as string)
    case 'u64':
    case 'be64': {
      const view = new DataView(new ArrayBuffer(8))
      view.setBigUint64(0, value as bigint, kind === 'u64')
      return new Uint8Array(view.buffer)
    }
    default:
      return integerBytes(kind, value as number)
  }
}

const WIDTH: Readonly<Record<string, 1 | 2 | 4>> = { u8: 1, u16: 2, be16: 2, u32: 4, be32: 4 }

function integerBytes(kind: string, value: number): Uint8Array | undefined {
  const width = WIDTH[kind]
  if (width === undefined || typeof value !== 'number') return undefined
  const bytes = new Uint8Array(width)
  for (let i = 0; i < width; i++) bytes[kind.startsWith('be') ? width - 1 - i : i] = value >>> (8 * i)
  return bytes
}
