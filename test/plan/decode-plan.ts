/** The bytes of an encoded plan, read as native/executor.c reads them. */
import { HEADER, RECORD, TOLERATED } from '../../src/plan/wire.ts'

export interface DecodedRecord {
  readonly op: number
  readonly role: number
  readonly step: number
  readonly number: number
  readonly into: number
  readonly unless: number
  readonly kinds: number[]
  readonly tolerated: number[]
  readonly args: bigint[]
}

export interface DecodedPlan {
  readonly header: Record<(typeof HEADER)[number], number>
  readonly records: DecodedRecord[]
  readonly relocations: number[]
  /** The NUL-terminated text at an offset. */
  text(offset: number): string
  /** The texts that a NULL-terminated array of pointers leads to. */
  texts(offset: number): string[]
  word(offset: number): bigint
}

export function decodePlan(bytes: Uint8Array): DecodedPlan {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const header = Object.fromEntries(HEADER.map((field, i) => [field, view.getUint32(i * 4, true)]))
  const many = <T>(count: number, read: (i: number) => T): T[] =>
    Array.from({ length: count }, (_, i) => read(i))
  const text = (offset: number) => new TextDecoder().decode(bytes.subarray(offset, bytes.indexOf(0, offset)))
  const word = (offset: number) => view.getBigUint64(offset, true)
  return {
    header: header as DecodedPlan['header'],
    records: many(header.cleanup_end as number, (i) => {
      const at = (header.records as number) + i * RECORD.size
      return {
        op: view.getUint8(at + RECORD.op),
        role: view.getUint8(at + RECORD.role),
        step: view.getUint16(at + RECORD.step, true),
        number: view.getUint32(at + RECORD.number, true),
        into: view.getUint32(at + RECORD.into, true),
        unless: view.getUint32(at + RECORD.unless, true),
        kinds: many(6, (j) => view.getUint8(at + RECORD.kinds + j)),
        tolerated: many(TOLERATED, (j) => view.getUint8(at + RECORD.tolerated + j)).filter(
          (errno) => errno !== 0,
        ),
        args: many(6, (j) => word(at + RECORD.args + j * 8)),
      }
    }),
    relocations: many(header.relocation_count as number, (i) =>
      view.getUint32((header.relocations as number) + i * 4, true),
    ),
    text,
    texts: (offset) => {
      const found: string[] = []
      for (let at = offset; word(at) !== 0n; at += 8) found.push(text(Number(word(at))))
      return found
    },
    word,
  }
}
