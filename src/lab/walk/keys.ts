/** One key at a time, from a terminal or a script, read by system call: there is no event loop in a forked child. */
import { O } from '../../linux/abi/arch.ts'
import { E } from '../../linux/abi/errno.ts'
import { AT, F, TIOC } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { enterRaw } from '../../linux/execute-ffi/terminal.ts'

/** Above what a container is given, and not given to it. */
const LOWEST_OWN_FD = 64
const CTRL_C = '\x03'
const CTRL_D = '\x04'

export interface Keys {
  /** Where to write what the reader of the keys should see. */
  readonly output: number
  /** The next key, in lower case; `\n` for Enter. At the end of a script `c`, at Ctrl-C `q`. */
  readonly read: (prompt: string) => string
}

export const isTerminal = (fd: number): boolean =>
  attempt('ioctl', [fd, TIOC.GWINSZ, new Uint8Array(8)]) === 0

/** @param taken standard input is the container's: unless it is a terminal, keys come from /dev/tty */
export function openKeys(taken: boolean): Keys {
  const fromTerminal = isTerminal(0)
  const tty = taken && !fromTerminal ? attempt('openat', [AT.FDCWD, '/dev/tty', O.RDWR | O.CLOEXEC, 0]) : 0
  const input = call('fcntl', [Math.max(tty, 0), F.DUPFD_CLOEXEC, LOWEST_OWN_FD])
  const output = call('fcntl', [tty > 0 ? tty : 2, F.DUPFD_CLOEXEC, LOWEST_OWN_FD])
  const single = fromTerminal || tty > 0
  return {
    output,
    read(prompt) {
      if (!single) return firstOfLine(input)
      // First: who answers the prompt at once must not be heard as a signal.
      const leaveRaw = enterRaw(input)
      attempt('write', [output, `     ${prompt}`])
      const key = readByte(input)
      leaveRaw()
      attempt('write', [output, '\r\x1b[K'])
      if (key === undefined || key === CTRL_C || key === CTRL_D) return 'q'
      return key === '\r' ? '\n' : key.toLowerCase()
    },
  }
}

function readByte(fd: number): string | undefined {
  const byte = new Uint8Array(1)
  let got: number
  do got = attempt('read', [fd, byte])
  while (got === -E.INTR)
  return got > 0 ? String.fromCharCode(byte[0] as number) : undefined
}

function firstOfLine(fd: number): string {
  const first = readByte(fd)
  if (first === undefined) return 'c'
  for (let next: string | undefined = first; next !== '\n' && next !== undefined; ) next = readByte(fd)
  return first.toLowerCase()
}
