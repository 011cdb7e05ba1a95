/** One record of an encoded plan, and the cells that records pass results through (wire.ts). */
import type { Architecture } from '../linux/abi/arch.ts'
import { errnoNumber } from '../linux/abi/errno.ts'
import type { Slot } from '../linux/abi/kinds.ts'
import type { Register } from '../linux/abi/marshal.ts'
import type { Segment } from '../linux/abi/segment.ts'
import { ARGUMENT, RECORD, ROLE, TOLERATED, UNFILLED } from './wire.ts'

export interface Encoder {
  readonly segment: Segment
  readonly records: Segment
  readonly cells: Map<string, number>
  readonly architecture: Architecture
}

/** The cell a step's result goes to. */
export function fill(encoder: Encoder, slot: Slot): number {
  const known = encoder.cells.get(slot.slot)
  if (known !== undefined) return known
  const cell = encoder.segment.reserve(8)
  encoder.segment.view.setBigInt64(cell, UNFILLED, true)
  encoder.cells.set(slot.slot, cell)
  return cell
}

/** The cell of a slot that an earlier step fills. A plan that reads what nothing fills is wrong, not merely empty. */
export function read(encoder: Encoder, slot: Slot): number {
  const cell = encoder.cells.get(slot.slot)
  if (cell === undefined) throw new TypeError(`the plan reads $${slot.slot} before any step fills it`)
  return cell
}

interface RecordFields {
  readonly op: number
  readonly step: number
  readonly registers: readonly Register[]
  readonly number?: number
  readonly into?: number
  readonly unless?: number
  readonly role?: number
  readonly tolerated?: readonly string[]
}

export function record(encoder: Encoder, fields: RecordFields): void {
  const { records } = encoder
  const at = records.reserve(RECORD.size)
  const { view } = records
  view.setUint8(at + RECORD.op, fields.op)
  view.setUint8(at + RECORD.role, fields.role ?? ROLE.NONE)
  view.setUint16(at + RECORD.step, fields.step, true)
  view.setUint32(at + RECORD.number, fields.number ?? 0, true)
  view.setUint32(at + RECORD.into, fields.into ?? 0, true)
  view.setUint32(at + RECORD.unless, fields.unless ?? 0, true)
  const tolerated = fields.tolerated ?? []
  if (tolerated.length > TOLERATED) throw new TypeError(`a step tolerates at most ${TOLERATED} errnos`)
  tolerated.forEach((name, i) => {
    view.setUint8(at + RECORD.tolerated + i, errnoNumber(name))
  })
  for (let i = 0; i < fields.registers.length; i++) putArgument(encoder, at, i, fields.registers[i]!)
}

export function putArgument(encoder: Encoder, record: number, i: number, register: Register): void {
  const { records } = encoder
  const kind =
    register.is === 'value' ? ARGUMENT.VALUE : register.is === 'data' ? ARGUMENT.DATA : ARGUMENT.SLOT
  records.bytes[record + RECORD.kinds + i] = kind
  const word =
    register.is === 'value'
      ? register.value
      : register.is === 'data'
        ? register.offset
        : read(encoder, register.slot)
  records.word(record + RECORD.args + i * 8, word)
}
