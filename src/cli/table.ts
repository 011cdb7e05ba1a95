/** Columns as Docker prints them: three spaces between, the last one ragged. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  }
  return rows
    .map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]! + 3))).join(''))
    .join('\n')
}

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
