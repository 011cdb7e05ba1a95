import assert from 'node:assert/strict'
import { test } from 'node:test'
import { namePattern } from '../../src/image/name-pattern.ts'
import { parseReference } from '../../src/image/reference.ts'

/** Docker's own examples, and path.Match's edges: `*` stays within one component. */
for (const [pattern, name, fits] of [
  ['busy*', 'busybox:latest', true],
  ['busy*:uclibc', 'busybox:uclibc', true],
  ['busy*:uclibc', 'busybox:musl', false],
  ['*', 'team/app:1', false],
  ['*/*', 'team/app:1', true],
  ['busybox', 'busybox:musl', true],
  ['docker.io/library/busybox', 'busybox:musl', true],
  ['b?sybox', 'busybox', true],
  ['[a-c]usybox', 'busybox', true],
  ['[^b]usybox', 'busybox', false],
  ['busy.ox', 'busybox', false],
  ['localhost:5000/*', 'localhost:5000/x:1', true],
  ['\\*', 'busybox', false],
] as const) {
  test(`${pattern} ${fits ? 'fits' : 'does not fit'} ${name}`, () =>
    assert.equal(namePattern(pattern)(parseReference(name)), fits))
}

test('a set that does not end is no pattern', () => {
  assert.throws(() => namePattern('[a'), /syntax error in pattern/)
})
