/** Ctrl-C during a pull or a load: the work is told to stop, cleans up, and the exit code says which signal it was. */
import { constants } from 'node:os'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** @throws what `work` throws; after a signal an AbortError with `exitCode` 128 + its number */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const stop = (signal: (typeof signals)[number]): void => {
    const reason = new Error('interrupted')
    reason.name = 'AbortError'
    controller.abort(Object.assign(reason, { exitCode: 128 + constants.signals[signal] }))
  }
  for (const signal of signals) process.once(signal, stop)
  try {
    return await work(controller.signal)
  } catch (error) {
    // Whatever the interrupted step said, the signal is why.
    throw controller.signal.aborted ? controller.signal.reason : error
  } finally {
    for (const signal of signals) process.off(signal, stop)
  }
}
