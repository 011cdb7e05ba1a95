/** Durations as Go writes them: `1h2m3.5s`, `300ms`, `0`. */
import { UsageError } from '../../errors.ts'

const UNITS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }

/** @returns nanoseconds @throws UsageError with Go's words */
export function parseDuration(text: string): number {
  const [, sign = '', body = ''] = /^([+-]?)(.*)$/s.exec(text) ?? []
  if (body === '0') return 0
  const wrong = (fact: string): UsageError =>
    new UsageError(`time: ${fact} in duration ${JSON.stringify(text)}`)
  if (!/^(?:(?:\d+\.?\d*|\.\d+)[a-zµ]*)+$/.test(body))
    throw new UsageError(`time: invalid duration ${JSON.stringify(text)}`)
  let total = 0
  for (const [, number, unit = ''] of body.matchAll(/(\d+\.?\d*|\.\d+)([a-zµ]*)/g)) {
    if (unit === '') throw wrong('missing unit')
    const size = UNITS[unit]
    if (size === undefined) throw wrong(`unknown unit ${JSON.stringify(unit)}`)
    total += Math.trunc(Number(number) * size)
  }
  return sign === '-' ? -total : total
}
