import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseUlimit } from '../../../src/engine/config/ulimit.ts'

test('soft and hard', () => {
  assert.deepEqual(parseUlimit('nofile=1024:2048'), { type: 'RLIMIT_NOFILE', soft: 1024, hard: 2048 })
  assert.deepEqual(parseUlimit('nproc=3'), { type: 'RLIMIT_NPROC', soft: 3, hard: 3 })
  assert.deepEqual(parseUlimit('core=0:-1'), { type: 'RLIMIT_CORE', soft: 0, hard: 2 ** 64 })
  assert.deepEqual(parseUlimit('memlock=-1'), { type: 'RLIMIT_MEMLOCK', soft: 2 ** 64, hard: 2 ** 64 })
})

const refused: [text: string, message: string][] = [
  ['nofile', 'invalid ulimit argument: nofile'],
  ['', 'invalid ulimit argument: '],
  ['notexist=1', 'invalid ulimit type: notexist'],
  ['RLIMIT_NOFILE=1', 'invalid ulimit type: RLIMIT_NOFILE'],
  ['nofile=', 'strconv.ParseInt: parsing "": invalid syntax'],
  ['nofile=x', 'strconv.ParseInt: parsing "x": invalid syntax'],
  ['nofile=1:', 'strconv.ParseInt: parsing "": invalid syntax'],
  ['nofile=-2', 'strconv.ParseInt: parsing "-2": invalid syntax'],
  ['nofile=1:2:3', 'too many limit values - 1:2:3, can only have up to two, `soft[:hard]` for ulimit'],
  ['nofile=2048:1024', 'ulimit soft limit must be less than or equal to hard limit: 2048 > 1024'],
  ['nofile=-1:1024', `ulimit soft limit must be less than or equal to hard limit: ${2 ** 64} > 1024`],
]
for (const [text, message] of refused) {
  test(`refuses "${text}"`, () => assert.throws(() => parseUlimit(text), { name: 'UsageError', message }))
}
