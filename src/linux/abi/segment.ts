/**
 * The memory a system call points into: strings, structs and buffers laid out in one growable run of bytes.
 *
 * A plan's segment is position-independent (base 0 and a list of relocations); a direct call's segment lies at its real
 * address from the start.
 */
import type { Slot, Template } from './kinds.ts'

/** What must be filled in from slots at run time, before the call that is being laid out. */
export type Fixup =
  | { readonly kind: 'copy'; readonly slot: Slot; readonly offset: number; readonly width: 3 | 4 | 8 }
  | {
      readonly kind: 'format'
      readonly template: Template
      readonly offset: number
      readonly before: number
      readonly after: number
      /** Takes the length of the text, where the call wants to know it. */
      length?: Slot
    }

interface LaidOut {
  readonly offset: number
  readonly length: number
}

const encoder = new TextEncoder()
const DECIMAL_DIGITS = 20

export class Segment {
  bytes: Uint8Array
  view: DataView
  length = 0
  /** Where in the segment a pointer lies that `base` must be added to. */
  readonly relocations: number[] = []
  fixups: Fixup[] = []
  readonly base: number
  private readonly strings = new Map<string, LaidOut>()
  private readonly blobs = new Map<Uint8Array, number>()

  constructor(bytes: Uint8Array, base: number) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.base = base
  }

  /** Forgets everything laid out. The memory is not cleared; `reserve` clears what it hands out. */
  reset(): void {
    this.length = 0
    if (this.strings.size > 0) this.strings.clear()
    if (this.blobs.size > 0) this.blobs.clear()
  }

  /** Room for `size` zero bytes; its offset. */
  reserve(size: number, align = 8): number {
    const offset = (this.length + align - 1) & ~(align - 1)
    const end = offset + size
    if (end > this.bytes.length) this.grow(end)
    this.bytes.fill(0, offset, end)
    this.length = end
    return offset
  }

  /** Where a NUL-terminated copy of `text` begins. */
  string(text: string): number {
    return this.text(text).offset
  }

  /** A NUL-terminated copy of `text`, and its bytes without the NUL; equal strings are laid out once. */
  text(text: string): LaidOut {
    const known = this.strings.get(text)
    if (known !== undefined) return known
    const offset = this.reserve(text.length * 3 + 1, 1)
    const { written } = encoder.encodeInto(text, this.bytes.subarray(offset))
    this.bytes[offset + written] = 0
    this.length = offset + written + 1
    const laidOut = { offset, length: written }
    this.strings.set(text, laidOut)
    return laidOut
  }

  /**
   * A copy of `bytes`, NUL-terminated so that it may also be a path. The same object is laid out once: what one call
   * reads into it, a later one may write.
   */
  blob(bytes: Uint8Array): number {
    const known = this.blobs.get(bytes)
    if (known !== undefined) return known
    const offset = this.reserve(bytes.length + 1)
    this.bytes.set(bytes, offset)
    this.blobs.set(bytes, offset)
    return offset
  }

  /** Room for a template's text; filled in when the slot's number is known. */
  template(template: Template): number {
    const offset = this.reserve(
      template.before.length * 3 + template.after.length * 3 + DECIMAL_DIGITS + 1,
      1,
    )
    const before = this.string(template.before)
    const after = this.string(template.after)
    this.fixups.push({ kind: 'format', template, offset, before, after })
    return offset
  }

  /** The slot that takes the length of the template that was laid out last. */
  formattedLength(): Slot {
    const format = this.fixups.at(-1)
    if (format?.kind !== 'format') throw new TypeError('expected a template to have the length of')
    format.length = { slot: `length at ${format.offset}` }
    return format.length
  }

  /** Stores 64 bits. In halves: a bigint for each word is what a cold start would spend most on. */
  word(offset: number, word: number | bigint): void {
    if (typeof word === 'bigint') {
      this.view.setBigUint64(offset, BigInt.asUintN(64, word), true)
      return
    }
    this.view.setUint32(offset, word, true)
    this.view.setUint32(offset + 4, Math.floor(word / 2 ** 32), true)
  }

  /** Stores a number, or leaves room for a slot's. */
  integer(offset: number, width: number, word: number | bigint | Slot): void {
    if (typeof word === 'object') {
      this.fixups.push({ kind: 'copy', slot: word, offset, width: width === 8 ? 8 : 4 })
    } else if (width === 8) {
      this.word(offset, word)
    } else if (width === 4) {
      this.view.setUint32(offset, Number(word), true)
    } else {
      this.view.setUint16(offset, Number(word), true)
    }
  }

  /** Stores the address of `target` at `offset`. */
  pointer(offset: number, target: number): void {
    this.word(offset, this.base + target)
    if (this.base === 0) this.relocations.push(offset)
  }

  /** Fixups since the last call. */
  takeFixups(): Fixup[] {
    const taken = this.fixups
    if (taken.length > 0) this.fixups = []
    return taken
  }

  private grow(end: number): void {
    if (this.base !== 0)
      throw new RangeError(
        `a system call's arguments need ${end} bytes, more than the ${this.bytes.length} set aside`,
      )
    const larger = new Uint8Array(Math.max(end, this.bytes.length * 2))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
    this.view = new DataView(larger.buffer)
  }
}
