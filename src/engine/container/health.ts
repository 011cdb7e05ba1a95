/** How well a container is: `health.json`, which each check writes anew. Docker's shape and docker's rules. */
import { readTextIfAny, writeFileAtomically } from '../../linux/file.ts'
import { type HealthCheck, healthCheck } from './health-options.ts'
import type { Container } from './list.ts'
import { containerFolder } from './record.ts'

export interface HealthLogEntry {
  /** RFC 3339. */
  readonly Start: string
  readonly End: string
  /** -1: it took too long. */
  readonly ExitCode: number
  readonly Output: string
}

export interface Health {
  readonly Status: 'starting' | 'healthy' | 'unhealthy'
  readonly FailingStreak: number
  readonly Log: readonly HealthLogEntry[]
}

const KEPT = 5
const UNKNOWN: Health = { Status: 'starting', FailingStreak: 0, Log: [] }

const path = (dataRoot: string, id: string): string => `${containerFolder(dataRoot, id)}/health.json`

export const checkOf = ({ record: { image, options } }: Container): HealthCheck | undefined =>
  healthCheck(image.config, options.health)

/** Undefined where nothing checks it, or it does not run. */
export function readHealth(dataRoot: string, container: Container): Health | undefined {
  const { id, state } = container
  if ((state.status !== 'running' && state.status !== 'paused') || !checkOf(container)) return undefined
  const text = readTextIfAny(path(dataRoot, id))
  if (text === undefined) return UNKNOWN
  const { run, health } = JSON.parse(text) as { run: string; health: Health }
  // Of an earlier run: this one has not been looked at yet.
  return run === String(state.startedAt) ? health : UNKNOWN
}

/** One more check. */
export function writeHealth(
  dataRoot: string,
  container: Container,
  check: HealthCheck,
  entry: HealthLogEntry,
): Health {
  const { id, state } = container
  const before = readHealth(dataRoot, container) ?? UNKNOWN
  const health = judge(before, check, entry, Number(state.startedAt))
  writeFileAtomically(path(dataRoot, id), JSON.stringify({ run: String(state.startedAt), health }))
  return health
}

/** @param startedAt nanoseconds since the epoch */
export function judge(before: Health, check: HealthCheck, entry: HealthLogEntry, startedAt: number): Health {
  const Log = [...before.Log, entry].slice(-KEPT)
  if (entry.ExitCode === 0) return { Status: 'healthy', FailingStreak: 0, Log }
  const starting =
    before.Status === 'starting' && Date.parse(entry.Start) * 1e6 - startedAt < check.startPeriodNanoseconds
  const FailingStreak = starting ? before.FailingStreak : before.FailingStreak + 1
  return { Status: FailingStreak >= check.retries ? 'unhealthy' : before.Status, FailingStreak, Log }
}
