import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatAge, formatTable } from '../../../src/cli/screen/table.ts'

test('columns', () => {
  assert.equal(
    formatTable([
      ['A', 'LONG', 'C'],
      ['abc', 'd', 'e'],
    ]),
    'A         LONG      C\nabc       d         e',
  )
})

const now = Date.UTC(2026, 0, 1)
const ages: [seconds: number, text: string][] = [
  [0, '0 seconds ago'],
  [1, '1 second ago'],
  [59, '59 seconds ago'],
  [61, 'About a minute ago'],
  [120, '2 minutes ago'],
  [7200, '2 hours ago'],
  [3 * 86400, '3 days ago'],
  [21 * 86400, '3 weeks ago'],
  [100 * 86400, '3 months ago'],
  [800 * 86400, '2 years ago'],
  [-5, '0 seconds ago'],
]
for (const [seconds, text] of ages) {
  test(text, () => assert.equal(formatAge(now - seconds * 1000, now), text))
}
