/** `--ulimit NAME=SOFT[:HARD]`, setrlimit(2); -1 is no limit, as in Docker. */
import { UsageError } from '../../errors.ts'
import type { Rlimit, RlimitType } from '../../oci/runtime-spec.ts'

/** RLIM_INFINITY, 2^64 - 1, as a JSON number: the nearest double. */
const unlimited = 2 ** 64

const names =
  'as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(
    ' ',
  )

function parseLimit(text: string): number {
  if (text === '-1') return unlimited
  if (!/^\d+$/.test(text)) throw new UsageError(`strconv.ParseInt: parsing "${text}": invalid syntax`)
  return Number(text)
}

/** @throws UsageError with Docker's words */
export function parseUlimit(text: string): Rlimit {
  const [, name, values] = /^([^=]*)=(.*)$/s.exec(text) ?? []
  if (name === undefined || values === undefined) throw new UsageError(`invalid ulimit argument: ${text}`)
  if (!names.includes(name)) throw new UsageError(`invalid ulimit type: ${name}`)
  const [soft, hard, ...more] = values.split(':').map(parseLimit)
  if (more.length > 0) {
    throw new UsageError(
      `too many limit values - ${values}, can only have up to two, \`soft[:hard]\` for ulimit`,
    )
  }
  if (hard !== undefined && soft! > hard) {
    throw new UsageError(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`)
  }
  return { type: `RLIMIT_${name.toUpperCase()}` as RlimitType, soft: soft!, hard: hard ?? soft! }
}
