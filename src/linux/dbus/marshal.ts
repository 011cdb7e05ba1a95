/**
 * Values as D-Bus sends them (D-Bus Specification, "Marshaling (Wire Format)"): by signature, little-endian, each aligned
 * to its size from the beginning of the message.
 */

/** A value with its own signature: the `v` of D-Bus. */
export interface Variant {
  readonly signature: string
  readonly value: Value
}

/** Of `y n q i u`: number; `x t`: bigint; `s o g`: string; `b`; `v`; arrays, and structs by their fields in order. */
export type Value = number | bigint | string | boolean | Variant | readonly Value[]

export const variant = (signature: string, value: Value): Variant => ({ signature, value })

const SIZES: Readonly<Record<string, number>> = { y: 1, n: 2, q: 2, i: 4, u: 4, b: 4, x: 8, t: 8, d: 8 }
const INTEGERS = 'ynqiuxt'
const encoder = new TextEncoder()
const decoder = new TextDecoder()

function alignmentOf(kind: string): number {
  if (kind === 'g' || kind === 'v') return 1
  return SIZES[kind] ?? ('soa'.includes(kind) ? 4 : 8)
}

/** The complete types that a signature is a list of: `sa(sv)u` is `s`, `a(sv)`, `u`. */
export function completeTypes(signature: string): string[] {
  const types: string[] = []
  for (let at = 0; at < signature.length; ) {
    const end = endOfType(signature, at)
    types.push(signature.slice(at, end))
    at = end
  }
  return types
}

function endOfType(signature: string, at: number): number {
  const type = signature[at]
  if (type === undefined) throw new TypeError(`the signature "${signature}" ends too soon`)
  if (type === 'a') return endOfType(signature, at + 1)
  if (type !== '(' && type !== '{') return at + 1
  let end = at + 1
  while (signature[end] !== ')' && signature[end] !== '}') end = endOfType(signature, end)
  return end + 1
}

/** The bytes of `values`, to be put where `8` divides the offset. */
export function marshal(signature: string, values: readonly Value[]): Uint8Array {
  const bytes: number[] = []
  completeTypes(signature).forEach((type, i) => {
    put(bytes, type, values[i] as Value)
  })
  return Uint8Array.from(bytes)
}

const pad = (bytes: number[], alignment: number): void => {
  while (bytes.length % alignment !== 0) bytes.push(0)
}

function put(bytes: number[], type: string, value: Value): void {
  const kind = type[0] as string
  pad(bytes, alignmentOf(kind))
  if (kind === 'b') putInteger(bytes, 4, value ? 1n : 0n)
  else if (INTEGERS.includes(kind)) putInteger(bytes, SIZES[kind] as number, BigInt(value as number | bigint))
  else if (kind === 'd') bytes.push(...new Uint8Array(new Float64Array([value as number]).buffer))
  else if (kind === 's' || kind === 'o' || kind === 'g') putText(bytes, kind === 'g' ? 1 : 4, value as string)
  else if (kind === 'v') {
    const { signature, value: inner } = value as Variant
    putText(bytes, 1, signature)
    put(bytes, signature, inner)
  } else if (kind === 'a') putArray(bytes, type.slice(1), value as readonly Value[])
  else
    completeTypes(type.slice(1, -1)).forEach((field, i) => {
      put(bytes, field, (value as readonly Value[])[i] as Value)
    })
}

function putInteger(bytes: number[], size: number, value: bigint): void {
  for (let i = 0; i < size; i++) bytes.push(Number((value >> BigInt(i * 8)) & 0xffn))
}

function putText(bytes: number[], lengthSize: number, text: string): void {
  const encoded = encoder.encode(text)
  putInteger(bytes, lengthSize, BigInt(encoded.length))
  bytes.push(...encoded, 0)
}

/** Its length counts the elements, not the padding before the first. */
function putArray(bytes: number[], type: string, values: readonly Value[]): void {
  const lengthAt = bytes.length
  bytes.push(0, 0, 0, 0)
  pad(bytes, alignmentOf(type[0] as string))
  const start = bytes.length
  for (const value of values) put(bytes, type, value)
  const length: number[] = []
  putInteger(length, 4, BigInt(bytes.length - start))
  bytes.splice(lengthAt, 4, ...length)
}

/** The values of a message's body, or of a part of it that begins where `8` divides the offset. */
export function unmarshal(signature: string, bytes: Uint8Array): Value[] {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), at: 0 }
  return completeTypes(signature).map((type) => take(reader, type))
}

interface Reader {
  readonly view: DataView
  at: number
}

const align = (reader: Reader, alignment: number): void => {
  reader.at = Math.ceil(reader.at / alignment) * alignment
}

function take(reader: Reader, type: string): Value {
  const kind = type[0] as string
  align(reader, alignmentOf(kind))
  if (kind === 'b') return takeInteger(reader, 'u') !== 0n
  if (kind === 'x' || kind === 't') return takeInteger(reader, kind)
  if (INTEGERS.includes(kind)) return Number(takeInteger(reader, kind))
  if (kind === 'd') {
    reader.at += 8
    return reader.view.getFloat64(reader.at - 8, true)
  }
  if (kind === 's' || kind === 'o') return takeText(reader, Number(takeInteger(reader, 'u')))
  if (kind === 'g') return takeText(reader, Number(takeInteger(reader, 'y')))
  if (kind === 'v') {
    const signature = takeText(reader, Number(takeInteger(reader, 'y')))
    return { signature, value: take(reader, signature) }
  }
  if (kind === 'a') return takeArray(reader, type.slice(1))
  return completeTypes(type.slice(1, -1)).map((field) => take(reader, field))
}

function takeInteger(reader: Reader, kind: string): bigint {
  const size = SIZES[kind] as number
  let value = 0n
  for (let i = 0; i < size; i++) value |= BigInt(reader.view.getUint8(reader.at + i)) << BigInt(i * 8)
  reader.at += size
  return 'nix'.includes(kind) ? BigInt.asIntN(size * 8, value) : value
}

/** It ends with a NUL that its length does not count. */
function takeText(reader: Reader, length: number): string {
  const { at, view } = reader
  reader.at += length + 1
  return decoder.decode(new Uint8Array(view.buffer, view.byteOffset + at, length))
}

function takeArray(reader: Reader, type: string): Value[] {
  const length = Number(takeInteger(reader, 'u'))
  align(reader, alignmentOf(type[0] as string))
  const end = reader.at + length
  const values: Value[] = []
  while (reader.at < end) values.push(take(reader, type))
  return values
}
