/**
 * Points in time as Docker's flags take them (`--filter until=`, `--since`; moby api/types/time): a Go duration before
 * now (`1h30m`), seconds since the epoch, or a date in one of RFC 3339's forms, local where it names no zone.
 */
import { StateError } from '../../errors.ts'

const unitMilliseconds: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/** Milliseconds since the epoch. @throws StateError with Go's words */
export function parseMoment(text: string, now: number): number {
  const duration = parseDuration(text)
  if (duration !== undefined) return now - duration
  if (/^\d+(?:\.\d{1,9})?$/.test(text)) return Number(text) * 1000
  const date = /^(\d{4}-\d\d-\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d{1,9})?))?)?)?(Z|[+-]\d\d:\d\d)?$/.exec(
    text,
  )
  if (date !== null) {
    const [, day, hours = '00', minutes = '00', seconds = '00', zone = ''] = date
    const at = Date.parse(`${day}T${hours}:${minutes}:${seconds}${zone}`)
    if (!Number.isNaN(at)) return at
  }
  throw new StateError(`failed to parse value as time or duration: ${JSON.stringify(text)}`)
}

/** A Go duration in milliseconds: `300ms`, `-1.5h`, `2h45m`. */
function parseDuration(text: string): number | undefined {
  if (!/^[+-]?(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined
  let total = 0
  for (const [, value, unit] of text.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(value) * unitMilliseconds[unit!]!
  }
  return text.startsWith('-') ? -total : total
}
