/** Trying again: bounded, ever more slowly, and never against the registry's own wish (RFC 9110 Retry-After). */
import { setTimeout as sleep } from 'node:timers/promises'
import { NetworkError } from './failure.ts'

export interface Patience {
  /** How many times in all, the first included. */
  attempts: number
  /** Before the second attempt; doubled for each one more, half of it by chance. */
  delayMs: number
  /** A registry that asks for a longer pause than this is not waited for. */
  longestDelayMs: number
}

export const defaultPatience: Patience = { attempts: 5, delayMs: 500, longestDelayMs: 30_000 }

/** How long to wait before attempt number `failures + 1`; undefined: give up. */
export function pauseMs(error: unknown, failures: number, patience: Patience): number | undefined {
  if (!(error instanceof NetworkError && error.transient) || failures >= patience.attempts) return undefined
  const doubled = Math.min(patience.delayMs * 2 ** (failures - 1), patience.longestDelayMs)
  const pause = error.retryAfterMs ?? doubled / 2 + Math.random() * (doubled / 2)
  return pause > patience.longestDelayMs ? undefined : pause
}

/** Waits until another try is due. @throws `error` when none is; the signal's reason when that is aborted. */
export async function waitToRetry(
  error: unknown,
  failures: number,
  patience: Patience,
  signal?: AbortSignal,
): Promise<void> {
  const pause = pauseMs(error, failures, patience)
  if (pause === undefined) throw error
  await sleep(pause, undefined, signal && { signal }).catch(() => signal?.throwIfAborted())
}

export async function persist<T>(
  attempt: () => Promise<T>,
  patience: Patience,
  signal?: AbortSignal,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await attempt()
    } catch (error) {
      await waitToRetry(error, failures, patience, signal)
    }
  }
}

/** `Retry-After: 120` or `Retry-After: Fri, 31 Dec 2027 23:59:59 GMT`, in ms from `now`. */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
