/** docker/go-units' own examples, and the edges between its words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesSize, ellipsis, humanDuration, humanSize, rfc3339Nano } from '../../../src/cli/format/units.ts'

test('sizes by thousands', () => {
  const cases: [number, string][] = [
    [0, '0B'],
    [999, '999B'],
    [1000, '1kB'],
    [1024, '1.024kB'],
    [1e6, '1MB'],
    [1048576, '1.049MB'],
    [2e6, '2MB'],
    [3.42e9, '3.42GB'],
    [5.372e12, '5.372TB'],
    [2.22e15, '2.22PB'],
    [4261550, '4.262MB'],
  ]
  for (const [bytes, text] of cases) assert.equal(humanSize(bytes), text)
  assert.equal(humanSize(1262, 3), '1.26kB')
  assert.equal(humanSize(77.8e6, 3), '77.8MB')
  // Go's %.3g too.
  assert.equal(humanSize(999.9, 3), '1e+03B')
})

test('sizes by 1024', () => {
  const cases: [number, string][] = [
    [1000, '1000B'],
    [1024, '1KiB'],
    [1048576, '1MiB'],
    [2 * 1048576, '2MiB'],
    [3.42 * 2 ** 30, '3.42GiB'],
    [1023 * 1024, '1023KiB'],
    [573440, '560KiB'],
    [0, '0B'],
  ]
  for (const [bytes, text] of cases) assert.equal(bytesSize(bytes), text)
})

test('durations', () => {
  const second = 1000
  const [minute, hour, day] = [60 * second, 3600 * second, 86400 * second]
  const cases: [number, string][] = [
    [450, 'Less than a second'],
    [second, '1 second'],
    [45 * second, '45 seconds'],
    [minute, 'About a minute'],
    [119 * second, 'About a minute'],
    [3 * minute, '3 minutes'],
    [59 * minute, '59 minutes'],
    [hour, 'About an hour'],
    [89 * minute, 'About an hour'],
    [90 * minute, '2 hours'],
    [3 * hour, '3 hours'],
    [47 * hour, '47 hours'],
    [48 * hour, '2 days'],
    [13 * day, '13 days'],
    [14 * day, '2 weeks'],
    [35 * day, '5 weeks'],
    [60 * day, '2 months'],
    [365 * day, '12 months'],
    [730 * day, '2 years'],
    [3653 * day, '10 years'],
  ]
  for (const [milliseconds, text] of cases) assert.equal(humanDuration(milliseconds), text)
})

test('what is too long ends with one character that says so', () => {
  assert.equal(ellipsis('this-is-a-long-volume-name', 15), 'this-is-a-long…')
  assert.equal(ellipsis('short', 15), 'short')
})

test('times as Go marshals them', () => {
  assert.equal(rfc3339Nano(1732250000123456789n), '2024-11-22T04:33:20.123456789Z')
  assert.equal(rfc3339Nano(1732250000100000000n), '2024-11-22T04:33:20.1Z')
  assert.equal(rfc3339Nano(1732250000000000000n), '2024-11-22T04:33:20Z')
  assert.equal(rfc3339Nano(0n), '0001-01-01T00:00:00Z')
})
