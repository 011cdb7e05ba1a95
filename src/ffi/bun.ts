/** The bun:ffi adapter. One symbol only: each further one costs its own compiled trampoline at start. */
import { dlopen, ptr, read } from 'bun:ffi'
import type { ForeignInterface, Word } from './port.ts'

const word = 'i64'
const libc = dlopen('libc.so.6', {
  syscall: { args: [word, word, word, word, word, word, word], returns: 'i64_fast' },
  __errno_location: { args: [], returns: 'ptr' },
})
const raw = libc.symbols.syscall
// One address a thread, and every call here is made from the main thread.
const errno = libc.symbols.__errno_location()

export const foreign: ForeignInterface = {
  name: 'bun:ffi',
  syscall(
    number: number,
    a: Word = 0,
    b: Word = 0,
    c: Word = 0,
    d: Word = 0,
    e: Word = 0,
    f: Word = 0,
  ): number {
    const result = Number(raw(number, a, b, c, d, e, f))
    return result === -1 ? -read.i32(errno, 0) : result
  },
  addressOf: (bytes: Uint8Array): number => ptr(bytes),
}
