/**
 * The bytes of a tar as they come, chunk after chunk: taken synchronously where they are there, and else by generators
 * that yield until the next chunk has been pushed.
 */
import { BLOCK } from './tar-header.ts'

export type Needs<T> = Generator<undefined, T, undefined>

export class TarInput {
  chunk: Buffer = Buffer.alloc(0)
  /** Where in the chunk reading goes on. */
  at = 0
  /** No chunk will follow. */
  ended = false
  readonly #truncated: (offset: number) => Error
  #before = 0

  /** @param truncated the error for an input that ends too early */
  constructor(truncated: (offset: number) => Error) {
    this.#truncated = truncated
  }

  /** How many bytes are behind. */
  get offset(): number {
    return this.#before + this.at
  }

  /** Takes a chunk; the one before is used up. @returns how many bytes there were, with it */
  push(chunk: Uint8Array): number {
    this.#before += this.chunk.length
    this.chunk = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    this.at = 0
    return this.#before + chunk.length
  }

  /** Whether the next `length` bytes are in the chunk. */
  has(length: number): boolean {
    return this.at + length <= this.chunk.length
  }

  /** Copies bytes that are in the chunk to the start of `into`, and goes on behind them. */
  copy(into: Buffer, length: number): void {
    this.chunk.copy(into, 0, this.at, this.at + length)
    this.at += length
  }

  *more(): Needs<void> {
    if (this.ended) throw this.#truncated(this.offset)
    yield
  }

  *take(length: number): Needs<Buffer> {
    const start = this.at
    if (this.has(length)) {
      this.at += length
      return this.chunk.subarray(start, this.at)
    }
    const whole = Buffer.allocUnsafe(length)
    let filled = 0
    for (;;) {
      const copied = this.chunk.copy(whole, filled, this.at)
      this.at += copied
      filled += copied
      if (filled === length) return whole
      yield* this.more()
    }
  }

  /** A header block, or undefined when the archive ends where one may begin: end markers are often missing. */
  *block(mayEnd: boolean): Needs<Buffer | undefined> {
    while (mayEnd && this.at === this.chunk.length) {
      if (this.ended) return undefined
      yield
    }
    return yield* this.take(BLOCK)
  }

  *skip(length: number): Needs<void> {
    let left = length
    while (left > 0) {
      const step = Math.min(left, this.chunk.length - this.at)
      this.at += step
      left -= step
      if (left > 0) yield* this.more()
    }
  }
}
