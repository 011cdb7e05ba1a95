/** How it is found out whether a container is well: the image's HEALTHCHECK, and the flags over it. */
import { UsageError } from '../../errors.ts'
import type { ExecutionParameters } from '../../oci/image-spec.ts'

/** Docker's HealthConfig; times are nanoseconds, and 0 or absent means the default. */
export interface HealthOptions {
  /** `['NONE']`, `['CMD', ...]`, `['CMD-SHELL', command]`. */
  readonly Test?: readonly string[]
  readonly Interval?: number
  readonly Timeout?: number
  readonly StartPeriod?: number
  readonly StartInterval?: number
  readonly Retries?: number
}

export interface HealthCheck {
  readonly command: readonly string[]
  readonly intervalNanoseconds: number
  readonly timeoutNanoseconds: number
  readonly startPeriodNanoseconds: number
  readonly startIntervalNanoseconds: number
  readonly retries: number
}

const SECOND = 1e9

/** Undefined where there is nothing to check. */
export function healthCheck(
  image: ExecutionParameters,
  flags: HealthOptions | undefined,
): HealthCheck | undefined {
  const given = (image as { Healthcheck?: HealthOptions }).Healthcheck
  const test = flags?.Test ?? given?.Test ?? []
  const [kind, ...rest] = test
  if (kind === undefined || kind === 'NONE') return undefined
  const pick = (
    name: 'Interval' | 'Timeout' | 'StartPeriod' | 'StartInterval' | 'Retries',
    normal: number,
  ): number => flags?.[name] || given?.[name] || normal
  return {
    command: kind === 'CMD-SHELL' ? ['/bin/sh', '-c', rest.join(' ')] : kind === 'CMD' ? rest : [...test],
    intervalNanoseconds: pick('Interval', 30 * SECOND),
    timeoutNanoseconds: pick('Timeout', 30 * SECOND),
    startPeriodNanoseconds: pick('StartPeriod', 0),
    startIntervalNanoseconds: pick('StartInterval', 5 * SECOND),
    retries: pick('Retries', 3),
  }
}

export interface HealthFlags {
  readonly command?: string | undefined
  readonly none: boolean
  readonly interval?: number | undefined
  readonly timeout?: number | undefined
  readonly startPeriod?: number | undefined
  readonly startInterval?: number | undefined
  readonly retries?: number | undefined
}

const LEAST = 1e6

/** @throws UsageError with docker's words */
export function healthOptions(flags: HealthFlags): HealthOptions | undefined {
  const times = {
    interval: flags.interval,
    timeout: flags.timeout,
    'start-period': flags.startPeriod,
    'start-interval': flags.startInterval,
  }
  const given = Object.entries(times).filter(([, value]) => value !== undefined)
  const any = flags.command !== undefined || given.length > 0 || flags.retries !== undefined
  if (flags.none) {
    if (any) throw new UsageError('--no-healthcheck conflicts with --health-* options')
    return { Test: ['NONE'] }
  }
  if (!any) return undefined
  for (const [name, value] of given) {
    if (value! < 0) throw new UsageError(`--health-${name} cannot be negative`)
    if (value! > 0 && value! < LEAST) throw new UsageError(`--health-${name} cannot be less than 1ms`)
  }
  if ((flags.retries ?? 0) < 0) throw new UsageError('--health-retries cannot be negative')
  return {
    ...(flags.command ? { Test: ['CMD-SHELL', flags.command] } : {}),
    ...(flags.interval ? { Interval: flags.interval } : {}),
    ...(flags.timeout ? { Timeout: flags.timeout } : {}),
    ...(flags.startPeriod ? { StartPeriod: flags.startPeriod } : {}),
    ...(flags.startInterval ? { StartInterval: flags.startInterval } : {}),
    ...(flags.retries ? { Retries: flags.retries } : {}),
  }
}
