/** The cases of github.com/distribution/reference's own tests, as data. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RegistryError } from '../../src/errors.ts'
import { familiarName, familiarReference, fullReference, parseReference } from '../../src/image/reference.ts'

const hex = 'dbcc1c35ac38df41fd2f5e4130b32ffdb93ebae8b3dbe638c23575912276fc9c'
const digest = `sha256:${hex}`
const sha512 = `sha512:${'f'.repeat(128)}`

/** typed, full, familiar */
const names: [string, string, string][] = [
  ['alpine', 'docker.io/library/alpine:latest', 'alpine:latest'],
  ['redis:latest', 'docker.io/library/redis:latest', 'redis:latest'],
  ['docker.io/redis', 'docker.io/library/redis:latest', 'redis:latest'],
  ['docker.io/library/redis:7', 'docker.io/library/redis:7', 'redis:7'],
  ['index.docker.io/library/redis', 'docker.io/library/redis:latest', 'redis:latest'],
  ['index.docker.io/redis', 'docker.io/library/redis:latest', 'redis:latest'],
  ['library/ubuntu-12.04-base', 'docker.io/library/ubuntu-12.04-base:latest', 'ubuntu-12.04-base:latest'],
  [`redis@${digest}`, `docker.io/library/redis@${digest}`, `redis@${digest}`],
  [`busybox:1@${digest}`, `docker.io/library/busybox:1@${digest}`, `busybox:1@${digest}`],
  [`xn--7o8h.com/x:t@${sha512}`, `xn--7o8h.com/x:t@${sha512}`, `xn--7o8h.com/x:t@${sha512}`],
  ['fooo/bar', 'docker.io/fooo/bar:latest', 'fooo/bar:latest'],
  ['library/foo/bar', 'docker.io/library/foo/bar:latest', 'library/foo/bar:latest'],
  ['docker.io/library/foo/bar', 'docker.io/library/foo/bar:latest', 'library/foo/bar:latest'],
  ['test_com/foo', 'docker.io/test_com/foo:latest', 'test_com/foo:latest'],
  ['test.com/foo', 'test.com/foo:latest', 'test.com/foo:latest'],
  ['test-com:8080/foo', 'test-com:8080/foo:latest', 'test-com:8080/foo:latest'],
  ['localhost/foo', 'localhost/foo:latest', 'localhost/foo:latest'],
  ['localhost:5000/x', 'localhost:5000/x:latest', 'localhost:5000/x:latest'],
  ['localhost', 'docker.io/library/localhost:latest', 'localhost:latest'],
  ['test.com:5000', 'docker.io/library/test.com:5000', 'test.com:5000'],
  ['foo_bar.com:8080', 'docker.io/library/foo_bar.com:8080', 'foo_bar.com:8080'],
  ['foo/foo_bar.com:8080', 'docker.io/foo/foo_bar.com:8080', 'foo/foo_bar.com:8080'],
  ['192.168.0.1', 'docker.io/library/192.168.0.1:latest', '192.168.0.1:latest'],
  ['192.168.0.1:80', 'docker.io/library/192.168.0.1:80', '192.168.0.1:80'],
  ['192.168.1.1:5000/repo:5050', '192.168.1.1:5000/repo:5050', '192.168.1.1:5000/repo:5050'],
  ['[2001:db8::1]/repo', '[2001:db8::1]/repo:latest', '[2001:db8::1]/repo:latest'],
  [`[::1]:5000/repo:tag@${digest}`, `[::1]:5000/repo:tag@${digest}`, `[::1]:5000/repo:tag@${digest}`],
  ['Docker/docker', 'Docker/docker:latest', 'Docker/docker:latest'],
  ['FOO/bar', 'FOO/bar:latest', 'FOO/bar:latest'],
  ['lowercase:Uppercase', 'docker.io/library/lowercase:Uppercase', 'lowercase:Uppercase'],
  [
    'b.gcr.io/test.example.com/my-app:test.example.com',
    ...same('b.gcr.io/test.example.com/my-app:test.example.com'),
  ],
  [`docker.io/${hex}`, `docker.io/library/${hex}:latest`, `${hex}:latest`],
  [hex.slice(1), `docker.io/library/${hex.slice(1)}:latest`, `${hex.slice(1)}:latest`],
  ['docker---rules/docker', 'docker.io/docker---rules/docker:latest', 'docker---rules/docker:latest'],
  ['dock__er/docker', 'docker.io/dock__er/docker:latest', 'dock__er/docker:latest'],
  ['d/docker', 'docker.io/d/docker:latest', 'd/docker:latest'],
  [`x:${'t'.repeat(128)}`, `docker.io/library/x:${'t'.repeat(128)}`, `x:${'t'.repeat(128)}`],
  [`${'a/'.repeat(127)}a:tag`, `docker.io/${'a/'.repeat(127)}a:tag`, `${'a/'.repeat(127)}a:tag`],
]

function same(name: string): [string, string] {
  return [name, name]
}

for (const [typed, full, familiar] of names) {
  test(`${typed.slice(0, 60)} is ${full.slice(0, 60)}`, () => {
    const reference = parseReference(typed)
    assert.equal(fullReference(reference), full)
    assert.equal(familiarReference(reference), familiar)
    assert.deepEqual(parseReference(full), reference, 'the full form parses to itself')
  })
}

test('the parts of a name with a port, a tag and a digest', () => {
  const reference = parseReference(`localhost:5000/team/app:v1@${digest}`)
  assert.deepEqual(reference, { domain: 'localhost:5000', path: 'team/app', tag: 'v1', digest })
  assert.equal(familiarName(reference), 'localhost:5000/team/app')
})

/** typed, what the message says */
const refused: [string, RegExp][] = [
  ['', /it is empty/],
  [':justtag', /expected/],
  [`@${digest}`, /expected/],
  ['repo@sha256:ffffffffffffffffffffffffffffffffff', /64 or sha512/],
  [`validname@invaliddigest:${'f'.repeat(64)}`, /Cannot use the digest invaliddigest/],
  [`repo@sha256:${'F'.repeat(64)}`, /Cannot use the digest/],
  ['Uppercase:tag', /invalid reference format: repository name \(library\/Uppercase\) must be lowercase/],
  ['test:5000/Uppercase/lowercase:tag', /must be lowercase/],
  ['docker/Docker', /must be lowercase/],
  ['docker.io/docker/Docker', /must be lowercase/],
  [hex, /image id, not a name/],
  [`${'a/'.repeat(128)}a:tag`, /longer than 255/],
  ['https://github.com/docker/docker', /without a scheme/],
  ['aa/asdf$$^/aa', /expected/],
  ['-docker', /expected/],
  ['-docker.io/docker/docker', /expected/],
  ['docker-/docker', /expected/],
  ['docker///docker', /expected/],
  ['docker/', /expected/],
  ['____/____', /expected/],
  ['_docker/_docker', /expected/],
  ['dock..er/docker', /expected/],
  ['dock_.er/docker', /expected/],
  ['dock-.er/docker', /expected/],
  ['busybox:-foo', /a tag has 1 to 128/],
  ['busybox:', /a tag has 1 to 128/],
  [`busybox:${'t'.repeat(129)}`, /a tag has 1 to 128/],
  ['busybox:a b', /a tag has 1 to 128/],
  ['[fc00::1]', /expected/],
  ['[fc00::1]:5000', /expected/],
  ['fc00::1:5000/debian', /expected/],
  ['[fe80::1%eth0]:5000/debian', /expected/],
  ['[2001:db8:3:4::192.0.2.33]:5000/debian', /expected/],
  // Docker parses this to a name without a registry and fails later.
  ['foo_bar.com/x', /expected/],
  ['alpine\n', /expected/],
  ['alpine ', /expected/],
]

for (const [typed, says] of refused) {
  test(`"${typed.slice(0, 60)}" is refused`, () => {
    assert.throws(
      () => parseReference(typed),
      (error: unknown) => error instanceof RegistryError && says.test(error.message),
    )
  })
}
