/**
 * The one door to the kernel: a raw system call and the address of bytes.
 *
 * Two adapters, chosen by the runtime through the `#ffi` import condition: `bun.ts` (bun:ffi) in the shipped
 * executable, `node.ts` (koffi) on Node. Both are held to test/ffi/contract.test.ts.
 */

/** A machine word: a number up to 2^53, or a bigint for the full 64 bits. */
export type Word = number | bigint

export interface ForeignInterface {
  /** The adapter's name, for messages: `bun:ffi` or `koffi`. */
  readonly name: string

  /**
   * One system call, exactly as the kernel sees it: syscall(2) without errno.
   * @returns the result, or -errno (-4095 to -1), as the kernel itself returns it.
   */
  syscall(number: number, a?: Word, b?: Word, c?: Word, d?: Word, e?: Word, f?: Word): number

  /**
   * The address of the first byte. Valid while `bytes` is reachable; only for arrays over 1000 bytes, since smaller
   * ones live on the garbage-collected heap and move.
   */
  addressOf(bytes: Uint8Array): number
}
