/**
 * What a command prints, by write(2): to open `process.stdout` takes twice the time of all else that `ps` does. A reader
 * that has gone (`tinyctr images | head -1`) ends the command as SIGPIPE would.
 */
import { E } from '../../linux/abi/errno.ts'
import { attempt } from '../../linux/call.ts'

const STDOUT = 1
const STDERR = 2

/** All of it: returns when the reader has taken it, or the kernel for it. */
export function writeOut(content: string | Uint8Array): void {
  write(STDOUT, content)
}

export function writeError(content: string | Uint8Array): void {
  write(STDERR, content)
}

/** A text that is a line, or several. */
export const print = (text: string): void => writeOut(asLines(text))
export const printError = (text: string): void => writeError(asLines(text))

/** A standard stream for who draws on it: its size is what it is at that moment. */
export const screenOf = (stream: NodeJS.WriteStream) => ({
  write: stream === process.stderr ? writeError : writeOut,
  isTTY: stream.isTTY,
  get columns(): number {
    return stream.columns
  },
  get rows(): number {
    return stream.rows
  },
})

const asLines = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`)

const encoder = new TextEncoder()
const SIGPIPE = 13

function write(fd: number, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? encoder.encode(content) : content
  for (let done = 0; done < bytes.length; ) {
    const result = attempt('write', [fd, bytes.subarray(done)])
    if (result >= 0) done += result
    else if (result === -E.AGAIN) awaitRoom(fd)
    else if (result === -E.PIPE) process.exit(128 + SIGPIPE)
    else if (result !== -E.INTR) fail(fd, result)
  }
}

const POLLOUT = 4

/** Somebody made the file non-blocking: a shell's terminal may be so. */
function awaitRoom(fd: number): void {
  const poll = new Uint8Array(8)
  const view = new DataView(poll.buffer)
  view.setInt32(0, fd, true)
  view.setInt16(4, POLLOUT, true)
  attempt('ppoll', [poll, 1, null, null, 0])
}

/** A full disk, mostly: what was printed is not whole, and the exit code must say so. */
function fail(fd: number, result: number): never {
  const fact = result === -E.NOSPC ? 'no space is left on the disk' : `write(2) answers ${result}`
  if (fd === STDOUT) attempt('write', [STDERR, encoder.encode(`tinyctr: Cannot write the output: ${fact}\n`)])
  process.exit(1)
}
