/** Where a container's output goes: `--log-driver` and `--log-opt`. */
import { UsageError } from '../../errors.ts'

export const LOG_DRIVERS = ['json-file', 'local', 'journald', 'none'] as const
export type LogDriver = (typeof LOG_DRIVERS)[number]

export interface LogOptions {
  readonly driver: LogDriver
  /** As given. */
  readonly options: Readonly<Record<string, string>>
}

export const DEFAULT_LOG: LogOptions = { driver: 'json-file', options: {} }

/** Those of docker's `local`: a log that nobody looks at must not fill the disk. */
const MOST_BYTES = 20e6
const MOST_FILES = 5

/** What else may go into a line. Accepted for json-file, whose lines have none of it. */
const MORE = ['labels', 'labels-regex', 'env', 'env-regex', 'tag']
const FILES = ['max-size', 'max-file', 'compress', ...MORE, 'mode', 'max-buffer-size']
const KNOWN: Record<LogDriver, readonly string[]> = {
  'json-file': FILES,
  local: FILES,
  journald: MORE,
  none: [],
}

/** @throws UsageError with docker's words */
export function logOptions(
  driver: LogDriver | undefined,
  pairs: readonly (readonly [string, string])[],
): LogOptions {
  const log = { driver: driver ?? 'json-file', options: Object.fromEntries(pairs) }
  for (const name of Object.keys(log.options)) {
    if (!KNOWN[log.driver].includes(name))
      throw new UsageError(`unknown log opt '${name}' for ${log.driver} log driver`)
  }
  logLimits(log)
  return log
}

/** When a file is full, and how many there are with the one that is being written. @throws UsageError */
export function logLimits({ options }: LogOptions): { bytes: number; files: number } {
  const size = options['max-size']
  const count = options['max-file']
  const files = count === undefined ? MOST_FILES : Number(count)
  if (!Number.isInteger(files) || files < 1)
    throw new UsageError(`invalid max-file "${count}": it must be at least 1`)
  return { bytes: size === undefined ? MOST_BYTES : parseDecimalSize(size), files }
}

const EXPONENTS: Record<string, number> = { '': 0, k: 1, m: 2, g: 3, t: 4, p: 5 }

/** go-units FromHumanSize: powers of 1000. -1: no end. */
function parseDecimalSize(text: string): number {
  if (text === '-1') return 0
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(text) ?? []
  const bytes = Math.trunc(Number(number) * 1000 ** (EXPONENTS[unit.toLowerCase()] ?? 0))
  if (number === undefined || bytes < 1) throw new UsageError(`invalid size: '${text}'`)
  return bytes
}
