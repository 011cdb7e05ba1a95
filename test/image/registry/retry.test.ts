import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NetworkError } from '../../../src/image/registry/failure.ts'
import { parseRetryAfter, pauseMs } from '../../../src/image/registry/retry.ts'

const patience = { attempts: 4, delayMs: 100, longestDelayMs: 300 }
const overload = new NetworkError('overload', { transient: true })

test('pauses grow, within half of chance, up to the longest', () => {
  for (const [failures, longest] of [
    [1, 100],
    [2, 200],
    [3, 300],
  ] as const) {
    const pause = pauseMs(overload, failures, patience)!
    assert.ok(pause >= longest / 2 && pause <= longest, `${pause} of ${longest}`)
  }
  assert.equal(pauseMs(overload, 4, patience), undefined)
})

test('what will not pass is not waited for', () => {
  assert.equal(pauseMs(new NetworkError('gone'), 1, patience), undefined)
  assert.equal(pauseMs(new Error('ours'), 1, patience), undefined)
})

test('the registry says how long, within our patience', () => {
  const asked = (retryAfterMs: number): number | undefined =>
    pauseMs(new NetworkError('429', { transient: true, retryAfterMs }), 1, patience)
  assert.equal(asked(0), 0)
  assert.equal(asked(250), 250)
  assert.equal(asked(301), undefined)
})

test('Retry-After, in seconds or as a date', () => {
  const now = Date.parse('Fri, 31 Dec 2027 23:59:00 GMT')
  assert.equal(parseRetryAfter('120', now), 120_000)
  assert.equal(parseRetryAfter('Fri, 31 Dec 2027 23:59:59 GMT', now), 59_000)
  assert.equal(parseRetryAfter('Fri, 31 Dec 1999 23:59:59 GMT', now), 0)
  assert.equal(parseRetryAfter('soon', now), undefined)
  assert.equal(parseRetryAfter(null, now), undefined)
})
