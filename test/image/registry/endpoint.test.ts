import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { RegistryError } from '../../../src/errors.ts'
import { parseReference } from '../../../src/image/reference.ts'
import { endpointsOf, registryUrl } from '../../../src/image/registry/endpoint.ts'
import { parseRegistriesConf } from '../../../src/image/registry/registries-conf.ts'
import { serveTls, testCa } from './test-ca.ts'

const urlOf = async (domain: string, insecure = false): Promise<string> =>
  (await registryUrl({ domain, insecure })).href

const urls: [string, string][] = [
  ['docker.io', 'https://registry-1.docker.io/v2/'],
  ['ghcr.io', 'https://ghcr.io/v2/'],
  ['registry.example:5000', 'https://registry.example:5000/v2/'],
  ['192.168.1.1:5000', 'https://192.168.1.1:5000/v2/'],
  ['127.0.0.1.evil.example:5000', 'https://127.0.0.1.evil.example:5000/v2/'],
  ['localhost.evil.example:80', 'https://localhost.evil.example:80/v2/'],
]
for (const [domain, url] of urls) {
  test(`${domain} is at ${url}`, async () => assert.equal(await urlOf(domain), url))
}

for (const domain of ['999.1.1.1:5000', 'x.example:70000', '[:::]']) {
  test(`${domain} is no host`, () => assert.rejects(urlOf(domain), /no valid host name/))
}

test('this machine may speak plain HTTP, by any of its names', async (t) => {
  let requests = 0
  const server = createServer((_, response) => {
    requests += 1
    response.end()
  }).listen(0)
  t.after(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  for (const host of ['localhost', '127.0.0.1', '127.8.9.10', '[::1]']) {
    assert.equal(await urlOf(`${host}:${port}`), `http://${host}:${port}/v2/`)
  }
  assert.equal(requests, 0, 'asking how it speaks is no request')
})

test('and TLS where it does', { skip: testCa.missing }, async (t) => {
  const server = await serveTls(t, (_, response) => void response.end())
  assert.equal(await urlOf(server.host), `https://${server.host}/v2/`)
})

const conf = `
unqualified-search-registries = ["example.com"]
[[registry]]
prefix = "example.com/team"
location = "internal.example:5000/mirror-of-team"
[[registry]]
prefix = "*.example.org"
blocked = true
[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "mirror.example/hub"
insecure = true
[[registry.mirror]]
location = "digests.example"
pull-from-mirror = "digest-only"
[[registry]]
location = "docker.io/library/special"
`
const rules = parseRegistriesConf(conf, 'registries.conf')
const endpoints = (name: string): string[] =>
  endpointsOf(parseReference(name), rules).map(
    ({ domain, path, insecure }) => `${domain} ${path}${insecure ? ' insecure' : ''}`,
  )

test('mirrors first, the registry last; a prefix is another place; the longest prefix counts', () => {
  assert.deepEqual(endpoints('alpine'), [
    'mirror.example hub/library/alpine insecure',
    'docker.io library/alpine',
  ])
  assert.deepEqual(endpoints(`alpine@sha256:${'0'.repeat(64)}`), [
    'mirror.example hub/library/alpine insecure',
    'digests.example library/alpine',
    'docker.io library/alpine',
  ])
  assert.deepEqual(endpoints('special'), ['docker.io library/special'])
  assert.deepEqual(endpoints('example.com/team/app'), ['internal.example:5000 mirror-of-team/app'])
  assert.deepEqual(endpoints('example.com/teams/app'), ['example.com teams/app'])
})

test('a blocked registry is refused by the name of the file', () => {
  assert.throws(() => endpoints('a.example.org/x'), RegistryError)
  assert.throws(() => endpoints('a.example.org:80/x'), /blocked in registries\.conf/)
  assert.deepEqual(endpoints('example.org/x'), ['example.org x'])
})

test('a registries.conf that cannot be meant is refused', () => {
  const bad: [string, RegExp][] = [
    ['[[registry', /Cannot read f: .*/],
    ['[[registry]]\nblocked = true', /neither prefix nor location/],
    ['[[registry]]\nlocation = 3', /location is not a string/],
    ['registry = 3', /\[\[registry\]\] is not a list/],
    ['[[registry]]\nlocation = "x"\n[[registry.mirror]]\ninsecure = true', /mirror\]\] has no location/],
    ['[registries.search]\nregistries = ["x"]', /the format of 2018/],
  ]
  for (const [text, says] of bad) assert.throws(() => parseRegistriesConf(text, 'f'), says)
})
