/**
 * Arguments into words and memory: the one place that knows how each kind crosses into the kernel. Used by the plan
 * encoder (slots and relocations left open) and by direct calls (everything known).
 */
import { type Architecture, translateOpenFlags } from './arch.ts'
import {
  type AnyStruct,
  type CapabilityData,
  isNamed,
  isSlot,
  isTemplate,
  type Kind,
  type ScmRights,
  type Slot,
  type Template,
  type Timespec,
} from './kinds.ts'
import { encodeMessages } from './netlink/encode.ts'
import { type Batch, isBatch } from './netlink/messages.ts'
import { layOutMessage, SIZEOF_MSGHDR } from './scm-rights.ts'
import type { Segment } from './segment.ts'
import { fieldSize, layoutOf, STRUCTS, type StructName, type StructValue } from './structs.ts'

/** One argument register: a value, an offset into the segment, or a slot to be read at run time. */
export type Register =
  | { readonly is: 'value'; readonly value: number | bigint }
  | { readonly is: 'data'; readonly offset: number; readonly size: number }
  | { readonly is: 'slot'; readonly slot: Slot }

const ZERO: Register = { is: 'value', value: 0 }
const value = (word: number | bigint): Register => ({ is: 'value', value: word })
const data = (offset: number, size: number): Register => ({ is: 'data', offset, size })

/** Lays out one argument of a kind that is not implicit. */
export function marshal(
  segment: Segment,
  kind: Kind,
  argument: unknown,
  architecture: Architecture,
): Register {
  if (typeof argument === 'number')
    return value(kind === 'O' ? translateOpenFlags(argument, architecture) : argument)
  if (typeof argument === 'string') return marshalString(segment, kind, argument)
  if (argument === null || argument === undefined) return ZERO
  if (typeof argument === 'bigint') return value(argument)
  if (isSlot(argument)) return { is: 'slot', slot: argument }
  if (isNamed(argument)) return value(argument.value)
  if (isTemplate(argument)) return data(segment.template(argument), argument.before.length)
  if (argument instanceof Uint8Array) return data(segment.blob(argument), argument.length)
  if (isBatch(argument)) return marshalBatch(segment, argument)
  switch (kind) {
    case 'argv':
      return marshalArgv(segment, argument as readonly (string | Template)[])
    case 'gids':
      return marshalGids(segment, argument as readonly number[])
    case 'cap_data':
      return marshalCapabilities(segment, argument as CapabilityData)
    case 'scm_rights':
      return data(layOutMessage(segment, argument as ScmRights), SIZEOF_MSGHDR)
    case 'timespec2':
      return marshalTimes(segment, argument as readonly Timespec[])
    case 'word':
    case 'bpf_attr': {
      const any = argument as AnyStruct
      return marshalStruct(segment, any.struct, any.fields, architecture)
    }
    default:
      if (kind in STRUCTS)
        return marshalStruct(segment, kind as StructName, argument as StructValue, architecture)
      throw new TypeError(`an argument of kind ${kind} cannot be ${JSON.stringify(argument)}`)
  }
}

/** Netlink messages: one run of bytes, with holes where slots belong. */
function marshalBatch(segment: Segment, batch: Batch): Register {
  const { bytes, slots } = encodeMessages(batch.netlink)
  const start = segment.blob(bytes)
  for (const { offset, slot, width } of slots)
    segment.fixups.push({ kind: 'copy', slot, offset: start + offset, width })
  return data(start, bytes.length)
}

function marshalString(segment: Segment, kind: Kind, text: string): Register {
  const { offset, length } = segment.text(text)
  // The length that goes with bytes leaves out the terminating NUL.
  return data(offset, kind === 'bytes' ? length : 0)
}

function marshalArgv(segment: Segment, strings: readonly (string | Template)[]): Register {
  const offset = segment.reserve((strings.length + 1) * 8)
  strings.forEach((text, i) => {
    segment.pointer(offset + i * 8, typeof text === 'string' ? segment.string(text) : segment.template(text))
  })
  return data(offset, strings.length)
}

function marshalGids(segment: Segment, gids: readonly number[]): Register {
  const offset = segment.reserve(gids.length * 4, 4)
  gids.forEach((gid, i) => {
    segment.view.setUint32(offset + i * 4, gid, true)
  })
  return data(offset, gids.length)
}

/** A long. Numbers in two halves, since BigInt is slow and an unpacked layer has four of these a file. */
function storeTime(segment: Segment, offset: number, part: number | bigint): void {
  if (typeof part === 'bigint') {
    segment.view.setBigInt64(offset, part, true)
    return
  }
  segment.view.setUint32(offset, part >>> 0, true)
  segment.view.setInt32(offset + 4, Math.floor(part / 2 ** 32), true)
}

/** Two __user_cap_data_struct: bits 0-31, then 32-63. */
function marshalCapabilities(segment: Segment, sets: CapabilityData): Register {
  const offset = segment.reserve(24, 4)
  ;[sets.effective, sets.permitted, sets.inheritable].forEach((set, i) => {
    segment.view.setUint32(offset + i * 4, Number(set & 0xffffffffn), true)
    segment.view.setUint32(offset + 12 + i * 4, Number(set >> 32n), true)
  })
  return data(offset, 24)
}

function marshalTimes(segment: Segment, times: readonly Timespec[]): Register {
  const offset = segment.reserve(32)
  times.forEach((time, i) => {
    storeTime(segment, offset + i * 16, time.seconds)
    storeTime(segment, offset + i * 16 + 8, time.nanoseconds)
  })
  return data(offset, 32)
}

function marshalStruct(
  segment: Segment,
  name: StructName,
  fields: StructValue,
  architecture: Architecture,
): Register {
  const layout = layoutOf(name)
  const offset = segment.reserve(layout.size)
  for (const field of layout.fields) {
    const given = fields[field.name]
    if (given === undefined) continue
    const at = offset + field.offset
    if (field.type === 'pointer') {
      segment.pointer(
        at,
        typeof given === 'string' ? segment.string(given) : segment.blob(given as Uint8Array),
      )
    } else if (typeof given === 'string') {
      const { offset: text, length } = segment.text(given)
      segment.bytes.copyWithin(at, text, text + Math.min(length, fieldSize(field.type) - 1))
    } else if (isTemplate(given)) {
      throw new TypeError(`struct ${name} cannot hold a template`)
    } else {
      const word = field.family === 'O' ? translateOpenFlags(Number(given), architecture) : given
      segment.integer(at, fieldSize(field.type), word as number | bigint | Slot)
    }
  }
  return data(offset, layout.size)
}

/** The words of a whole call: explicit arguments in order, implicit lengths from their neighbours. */
export function marshalCall(
  segment: Segment,
  kinds: readonly (readonly [name: string, kind: Kind])[],
  args: readonly unknown[],
  architecture: Architecture,
): Register[] {
  const registers: Register[] = []
  let next = 0
  let countAt = -1
  for (const [, kind] of kinds) {
    if (kind === 'sizeof') {
      const before = registers[registers.length - 1]
      if (isTemplate(args[next - 1])) registers.push({ is: 'slot', slot: segment.formattedLength() })
      else registers.push(value(before?.is === 'data' ? before.size : 0))
    } else if (kind === 'countof') {
      countAt = registers.length
      registers.push(ZERO)
    } else {
      const register = marshal(segment, kind, args[next++], architecture)
      if (countAt >= 0 && register.is === 'data') {
        registers[countAt] = value(register.size)
        countAt = -1
      }
      registers.push(register)
    }
  }
  return registers
}
