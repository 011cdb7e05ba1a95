/** The size of the caller's window: TIOCGWINSZ(2const). */
import { TIOC } from '../linux/abi/flags.ts'
import { attempt } from '../linux/call.ts'

/** Of the first standard stream that is a terminal. */
export function readWindowSize(): { height: number; width: number } | undefined {
  // ioctl's argument is a word to the table: the buffer comes back only when it is passed in place.
  const buffer = new Uint8Array(1024)
  for (const fd of [0, 1, 2]) {
    if (attempt('ioctl', [fd, TIOC.GWINSZ, buffer]) < 0) continue
    const view = new DataView(buffer.buffer)
    return { height: view.getUint16(0, true), width: view.getUint16(2, true) }
  }
  return undefined
}
