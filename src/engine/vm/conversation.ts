/**
 * The host's half of the channel to a machine's first process (native/guest.c, where the frames are drawn): our standard
 * input, signals and window size go in, output, errors, a failed step and the exit code come out.
 */
import { E } from '../../linux/abi/errno.ts'
import { TIOC } from '../../linux/abi/flags.ts'
import { attempt } from '../../linux/call.ts'
import { eventLoop, poll } from '../../linux/execute-ffi/poll.ts'
import { collectSignals } from '../../linux/execute-ffi/signals.ts'
import { enterRaw } from '../../linux/execute-ffi/terminal.ts'
import { writeAll } from '../../linux/file.ts'
import { KernelError } from '../../linux/kernel-error.ts'
import type { Machine } from './boot.ts'
import { BOOT_MILLISECONDS, frame, frameReader, numberIn } from './frames.ts'

/** At most, in one frame: native/guest.c. */
const INPUT_BYTES = 2048
const POLL_MILLISECONDS = 50
const WINSIZE_BYTES = 8
const SIGPIPE = 13

export interface Ending {
  /** Of the program; undefined when the machine ended before it did. */
  readonly exitCode?: number
  /** The step of the plan that failed, and its errno. */
  readonly failure?: readonly [step: number, errno: number]
  /** What ended it: a signal that came before the program ran, or SIGPIPE when nobody read its output any more. */
  readonly signal?: number
}

export interface Streams {
  /** Whether our standard input is the program's. */
  readonly input: boolean
  /** Whether our terminal is, too. */
  readonly terminal: boolean
}

/** Until the program has ended; then the machine is turned off. */
export async function converse(machine: Machine, streams: Streams): Promise<Ending> {
  const signals = collectSignals()
  const frames = frameReader(machine.channel)
  const leaveRaw = streams.terminal && streams.input ? enterRaw(0) : () => {}
  const give = inputGiver(machine.channel, streams)
  const latest = performance.now() + BOOT_MILLISECONDS
  let runs = false
  let failure: Ending['failure']
  try {
    for (;;) {
      if (!runs && performance.now() > latest) return {}
      const signal = signals.take()
      if (signal !== undefined && !runs) return { signal }
      if (signal !== undefined) writeAll(machine.channel, frame('S', new Uint8Array([signal])))
      if (runs && streams.terminal) give.windowSize()
      const [spoke, typed] = poll([machine.channel, runs ? give.from() : -1], POLL_MILLISECONDS)
      if (typed) give.more()
      if (spoke) {
        const received = frames()
        if (received === undefined) return failure ? { failure } : {}
        for (const { type, bytes } of received) {
          if (type === 'R') runs = true
          else if (type === 'O' || type === 'E') {
            if (!passOn(type === 'O' ? 1 : 2, bytes)) return { signal: SIGPIPE }
          } else if (type === 'A') give.taken(numberIn(bytes))
          else if (type === 'F') failure = stepAndErrno(bytes)
          else if (type === 'X') return { exitCode: numberIn(bytes), ...(failure ? { failure } : {}) }
        }
        if (runs) give.start()
      }
      await eventLoop()
    }
  } finally {
    leaveRaw()
    signals.stop()
    machine.kill()
    machine.ended(true)
    attempt('close', [machine.channel])
  }
}

/** @returns false when nobody reads any more */
function passOn(fd: number, bytes: Uint8Array): boolean {
  try {
    writeAll(fd, bytes)
    return true
  } catch (error) {
    if (error instanceof KernelError && error.errno === E.PIPE) return false
    throw error
  }
}

const stepAndErrno = (bytes: Uint8Array): [number, number] => {
  const [step = 0, errno = 0] = Buffer.from(bytes).toString().split(' ').map(Number)
  return [step, errno]
}

/** Standard input, a frame at a time: the next when the program has taken the last. */
function inputGiver(channel: number, { input, terminal }: Streams) {
  const chunk = new Uint8Array(INPUT_BYTES)
  const size = new Uint8Array(2048)
  let open = input
  let ended = false
  let ahead = 0
  let shown = ''
  const end = (): void => {
    open = false
    if (!ended && !terminal) writeAll(channel, frame('I', new Uint8Array()))
    ended = true
  }
  return {
    /** What to wait for. */
    from: () => (open && ahead === 0 ? 0 : -1),
    start() {
      if (!input) end()
    },
    more() {
      const got = attempt('read', [0, chunk])
      if (got === -E.INTR || got === -E.AGAIN) return
      if (got <= 0) return end()
      ahead = got
      writeAll(channel, frame('I', chunk.slice(0, got)))
    },
    taken(count: number) {
      ahead -= count
    },
    windowSize() {
      if (attempt('ioctl', [0, TIOC.GWINSZ, size]) < 0) return
      const now = size.slice(0, WINSIZE_BYTES)
      if (now.join() === shown) return
      shown = now.join()
      writeAll(channel, frame('W', now))
    },
  }
}
