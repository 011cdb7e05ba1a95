/** Steps that are left out: by number, by the call that they make. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, type Plan, skipSteps } from '../../src/plan/step.ts'

const close = (fd: number) => call('close', [fd], { why: `close ${fd}` })
const plan: Plan = {
  host: [close(1), call('setsid', [], { why: 'a session' })],
  container: [close(2)],
  cleanup: [close(3)],
}
const left = (...skipped: Parameters<typeof skipSteps>[1]): string[] => {
  const { host, container, cleanup } = skipSteps(plan, skipped)
  return [...host, ...container, ...cleanup].filter((step) => step.is !== 'skipped').map(({ why }) => why)
}

test('by number, counted through the three halves', () => {
  assert.deepEqual(left(1, 3), ['a session', 'close 3'])
})

test('by call: each that makes it', () => {
  assert.deepEqual(left('close'), ['a session'])
  assert.deepEqual(left('setsid', 4), ['close 1', 'close 2'])
})

test('nothing named, nothing left out', () => {
  assert.equal(skipSteps(plan, []), plan)
})
