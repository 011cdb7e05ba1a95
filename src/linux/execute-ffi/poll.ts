/** ppoll(2), and the event loop in between: signals reach JavaScript only there. */
import { attempt } from '../call.ts'

const POLLIN = 1
const STRUCT_POLLFD = 8
const NANOSECONDS = 1_000_000

/** Whether each has something to read or has ended. -1 never has. */
export function poll(fds: readonly number[], milliseconds: number): boolean[] {
  const bytes = new Uint8Array(fds.length * STRUCT_POLLFD)
  const view = new DataView(bytes.buffer)
  fds.forEach((fd, i) => {
    view.setInt32(i * STRUCT_POLLFD, fd, true)
    view.setInt16(i * STRUCT_POLLFD + 4, POLLIN, true)
  })
  const timeout = new BigInt64Array([
    BigInt(Math.floor(milliseconds / 1000)),
    BigInt((milliseconds % 1000) * NANOSECONDS),
  ])
  const ready = attempt('ppoll', [bytes, fds.length, new Uint8Array(timeout.buffer), null, 0])
  return fds.map((_, i) => ready > 0 && view.getInt16(i * STRUCT_POLLFD + 6, true) !== 0)
}

/** Lets the runtime call its signal handlers. */
export const eventLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
