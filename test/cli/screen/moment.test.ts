import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMoment } from '../../../src/cli/screen/moment.ts'

const now = Date.parse('2024-06-01T12:00:00Z')

for (const [text, expected] of [
  ['10m', now - 600_000],
  ['1h30m', now - 5_400_000],
  ['1.5h', now - 5_400_000],
  ['-1s', now + 1000],
  ['250ms', now - 250],
  ['1717243200', now],
  ['1717243200.5', now + 500],
  ['2024-06-01T12:00:00Z', now],
  ['2024-06-01T14:00:00.25+02:00', now + 250],
  ['2024-06-01Z', now - 12 * 3_600_000],
  ['2024-06-01T12:00', new Date(2024, 5, 1, 12).getTime()],
  ['2024-06-01', new Date(2024, 5, 1).getTime()],
] as const) {
  test(text, () => assert.equal(parseMoment(text, now), expected))
}

for (const text of ['', 'yesterday', '10', '10 m', '2024-13-01', '1d']) {
  const isSeconds = /^\d+$/.test(text)
  test(`${JSON.stringify(text)} is ${isSeconds ? 'seconds' : 'no time'}`, () => {
    if (isSeconds) assert.equal(parseMoment(text, now), Number(text) * 1000)
    else assert.throws(() => parseMoment(text, now), /failed to parse value as time or duration/)
  })
}
