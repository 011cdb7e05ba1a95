/** The koffi adapter, for Node 20 and later. */
import koffi from 'koffi'
import type { ForeignInterface, Word } from './port.ts'

const libc = koffi.load('libc.so.6')
const raw = libc.func('long syscall(long n, long a, long b, long c, long d, long e, long f)')

export const foreign: ForeignInterface = {
  name: 'koffi',
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
    return result === -1 ? -koffi.errno() : result
  },
  addressOf: (bytes: Uint8Array): number => Number(koffi.address(bytes)),
}
