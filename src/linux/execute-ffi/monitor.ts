/** Waits for the container as native/monitor.c does, with an event loop instead of a signalfd. */
import { P, W } from '../abi/flags.ts'
import { signalNumber } from '../abi/signal.ts'
import { attempt } from '../call.ts'
import { receive } from './channel.ts'
import { type Execution, WORD } from './execution.ts'
import { reap } from './operations.ts'
import { eventLoop, poll } from './poll.ts'
import type { Signals } from './signals.ts'
import { copyWindowSize, enterRaw, pass } from './terminal.ts'

const SIGKILL = signalNumber('KILL') as number
const SIGSTOP = signalNumber('STOP') as number
const SIGCONT = signalNumber('CONT') as number
const SIGINT = signalNumber('INT')
const SIGTERM = signalNumber('TERM')
const SIGTSTP = signalNumber('TSTP')
/** How long a signal or a new window size may wait. */
const PATIENCE_MILLISECONDS = 30
/** The third Ctrl-C in a row means it. */
const PATIENCE = 3

export const containerOf = ({ memory, slots }: Execution): number | undefined =>
  memory[WORD.PID] || slots.get('pid')

/** Until the container's half has ended in execve(2) or failed. @returns the signal that came in between */
export async function awaitExecve(execution: Execution, signals: Signals): Promise<number | undefined> {
  const { parent } = execution.channel
  for (;;) {
    const signal = signals.take()
    if (signal !== undefined) return signal
    if (poll([parent], PATIENCE_MILLISECONDS)[0]) {
      const message = receive(parent, false)
      if (message?.terminal !== undefined) execution.terminal = message.terminal
      if (message?.byte === 0) return undefined
    }
    await eventLoop()
  }
}

/** @returns the exit code, 128+n for signal n */
export async function monitor(execution: Execution, signals: Signals, interactive: boolean): Promise<number> {
  const pid = containerOf(execution) as number
  let terminal = execution.terminal ?? -1
  let input = interactive && terminal >= 0 ? 0 : -1
  let leaveRaw = input === 0 ? enterRaw(0) : () => {}
  let patience = PATIENCE
  const pidfd = attempt('pidfd_open', [pid, 0])
  const handle = (signal: number): void => {
    if (signal === SIGTSTP) {
      leaveRaw()
      attempt('kill', [pid, SIGSTOP])
      attempt('kill', [process.pid, SIGSTOP])
      attempt('kill', [pid, SIGCONT])
      leaveRaw = input === 0 ? enterRaw(0) : () => {}
    } else {
      const enough = (signal === SIGINT || signal === SIGTERM) && --patience === 0
      attempt('kill', [pid, enough ? SIGKILL : signal])
    }
  }
  try {
    for (;;) {
      const ended = reap(pid, W.NOHANG)
      if (ended) {
        while (terminal >= 0 && poll([terminal], 0)[0] && pass(terminal, 1));
        return ended.code
      }
      if (terminal >= 0) copyWindowSize(0, terminal)
      const ready = poll([pidfd, terminal, input], PATIENCE_MILLISECONDS)
      if (ready[1] && !pass(terminal, 1)) terminal = -1
      if (ready[2] && !pass(0, terminal)) input = -1
      for (let signal = signals.take(); signal !== undefined; signal = signals.take()) handle(signal)
      await eventLoop()
    }
  } finally {
    leaveRaw()
    if (pidfd >= 0) attempt('close', [pidfd])
  }
}

/** A half-made container has nothing worth saving. One that was waited for is left alone: its number may be another's. */
export function endContainer(execution: Execution): void {
  for (const pid of new Set([containerOf(execution), execution.slots.get('pid')])) {
    if (pid === undefined || pid <= 0 || !isOurChild(pid)) continue
    attempt('kill', [pid, SIGKILL])
    reap(pid, 0)
  }
}

const WNOWAIT = 0x01000000

const isOurChild = (pid: number): boolean =>
  attempt('waitid', [P.PID, pid, null, W.EXITED | W.__WALL | W.NOHANG | WNOWAIT, null]) === 0
