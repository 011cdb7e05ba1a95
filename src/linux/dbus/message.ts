/** One message of D-Bus: a header and a body (D-Bus Specification, "Message Format"). */
import { marshal, unmarshal, type Value, type Variant, variant } from './marshal.ts'

export const MESSAGE = { CALL: 1, RETURN: 2, ERROR: 3, SIGNAL: 4 } as const

/** Header fields by code, with the signature of each. */
const FIELDS = {
  path: [1, 'o'],
  interface: [2, 's'],
  member: [3, 's'],
  errorName: [4, 's'],
  replySerial: [5, 'u'],
  destination: [6, 's'],
  sender: [7, 's'],
  signature: [8, 'g'],
} as const

type FieldName = keyof typeof FIELDS

export type Fields = { readonly [Name in FieldName]?: Name extends 'replySerial' ? number : string }

export interface Message extends Fields {
  readonly type: number
  readonly body: readonly Value[]
}

const LITTLE_ENDIAN = 0x6c
const VERSION = 1
const FIXED_HEADER = 16
const aligned = (length: number): number => Math.ceil(length / 8) * 8

/** A method call. */
export function encodeCall(serial: number, fields: Fields, values: readonly Value[]): Uint8Array {
  const body = marshal(fields.signature ?? '', values)
  const named = (Object.entries(fields) as [FieldName, string][]).map(([name, value]) => {
    const [code, signature] = FIELDS[name]
    return [code, variant(signature, value)]
  })
  const header = marshal('yyyyuua(yv)', [LITTLE_ENDIAN, MESSAGE.CALL, 0, VERSION, body.length, serial, named])
  const message = new Uint8Array(aligned(header.length) + body.length)
  message.set(header)
  message.set(body, aligned(header.length))
  return message
}

/** How long the message at the beginning of `bytes` is; undefined while that is not known. */
export function messageLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < FIXED_HEADER) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return aligned(FIXED_HEADER + view.getUint32(12, true)) + view.getUint32(4, true)
}

/** A whole message, little-endian as its own host sends it. */
export function decodeMessage(bytes: Uint8Array): Message {
  const [, type, , , bodyLength, , listed] = unmarshal('yyyyuua(yv)', bytes) as [
    number,
    number,
    number,
    number,
    number,
    number,
    [number, Variant][],
  ]
  const fields = Object.fromEntries(
    listed.flatMap(([code, { value }]) => {
      const name = Object.entries(FIELDS).find(([, [known]]) => known === code)?.[0]
      return name === undefined ? [] : [[name, value]]
    }),
  ) as Fields
  const body = unmarshal(fields.signature ?? '', bytes.subarray(bytes.length - bodyLength))
  return { ...fields, type, body }
}
