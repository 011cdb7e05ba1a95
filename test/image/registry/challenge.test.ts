import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Challenge, parseChallenges } from '../../../src/image/registry/challenge.ts'

const cases: [string, Challenge[]][] = [
  [
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/alpine:pull"',
    [
      {
        scheme: 'bearer',
        parameters: {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:library/alpine:pull',
        },
      },
    ],
  ],
  ['Basic realm="a \\"b\\", c"', [{ scheme: 'basic', parameters: { realm: 'a "b", c' } }]],
  [
    'BEARER Realm=x , Scope = "a:b:pull,push"',
    [{ scheme: 'bearer', parameters: { realm: 'x', scope: 'a:b:pull,push' } }],
  ],
  [
    'Basic realm="x", Bearer realm="y",service="z"',
    [
      { scheme: 'basic', parameters: { realm: 'x' } },
      { scheme: 'bearer', parameters: { realm: 'y', service: 'z' } },
    ],
  ],
  [
    'Negotiate, Basic realm="x"',
    [
      { scheme: 'negotiate', parameters: {} },
      { scheme: 'basic', parameters: { realm: 'x' } },
    ],
  ],
  ['', []],
  ['Bearer realm="unterminated', [{ scheme: 'bearer', parameters: {} }]],
]

for (const [header, challenges] of cases) {
  test(`WWW-Authenticate: ${header}`, () =>
    assert.deepEqual(parseChallenges(header).slice(0, challenges.length), challenges))
}

test('a hostile header is read in linear time', () => {
  assert.equal(parseChallenges(`Bearer a="${'\\"'.repeat(100_000)}`)[0]?.scheme, 'bearer')
})
