/** Columns as Docker prints them: ten wide or more, three spaces between, the last one ragged. */
import { alignTabs } from '../format/tab-writer.ts'

export const formatTable = (rows: readonly (readonly string[])[]): string =>
  alignTabs(rows.map((row) => row.join('\t')).join('\n'))

const units: [seconds: number, name: string][] = [
  [365 * 86400, 'year'],
  [30 * 86400, 'month'],
  [7 * 86400, 'week'],
  [86400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
]

/** `3 weeks ago`: the largest unit of which there are two, as go-units' HumanDuration does. */
export function formatAge(then: number, now: number): string {
  const seconds = Math.max(0, Math.floor((now - then) / 1000))
  const [size, name] = units.find(([unit]) => seconds >= 2 * unit) ?? [1, 'second']
  const count = Math.floor(seconds / size)
  if (size === 1 && count >= 60) return 'About a minute ago'
  return `${count} ${name}${count === 1 ? '' : 's'} ago`
}
