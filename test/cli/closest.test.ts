import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closest } from '../../src/cli/closest.ts'

const names = ['name', 'network', 'net', 'rm', 'memory', 'memory-swap']
const cases: [typed: string, found: string | undefined][] = [
  ['nmae', 'name'],
  ['netwrok', 'network'],
  ['memroy', 'memory'],
  ['memoryswap', 'memory-swap'],
  ['nam', 'name'],
  ['rmm', 'rm'],
  ['xyz', undefined],
  ['publish', undefined],
]
for (const [typed, found] of cases) {
  test(`${typed} -> ${found}`, () => assert.equal(closest(typed, names), found))
}
