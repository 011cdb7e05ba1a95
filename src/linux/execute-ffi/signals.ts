/** Signals that are sent to us, kept until somebody asks: what they mean depends on how far the container is. */
import { signalNumber } from '../abi/signal.ts'

/** SIGPIPE, SIGCHLD and faults are our own affair; the runtimes keep SIGPROF and the like for themselves. */
const FORWARDED = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGTSTP',
] as const

export interface Signals {
  /** The oldest that was not taken yet. */
  readonly take: () => number | undefined
  readonly stop: () => void
}

export function collectSignals(): Signals {
  const pending: number[] = []
  const keep = (name: NodeJS.Signals): void => {
    pending.push(signalNumber(name) as number)
  }
  for (const name of FORWARDED) process.on(name, keep)
  return {
    take: () => pending.shift(),
    stop: () => {
      for (const name of FORWARDED) process.removeListener(name, keep)
    },
  }
}
