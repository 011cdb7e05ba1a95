import assert from 'node:assert/strict'
import { test } from 'node:test'
import { registryUrl } from '../../../src/image/registry/endpoint.ts'

const urls: [string, string][] = [
  ['docker.io', 'https://registry-1.docker.io/v2/'],
  ['ghcr.io', 'https://ghcr.io/v2/'],
  ['registry.example:5000', 'https://registry.example:5000/v2/'],
  ['192.168.1.1:5000', 'https://192.168.1.1:5000/v2/'],
  ['localhost:5000', 'http://localhost:5000/v2/'],
  ['localhost', 'https://localhost/v2/'],
  ['localhost:443', 'https://localhost/v2/'],
  ['127.0.0.1:5000', 'http://127.0.0.1:5000/v2/'],
  ['127.8.9.10:5000', 'http://127.8.9.10:5000/v2/'],
  ['[::1]:5000', 'http://[::1]:5000/v2/'],
  ['127.0.0.1.evil.example:5000', 'https://127.0.0.1.evil.example:5000/v2/'],
  ['localhost.evil.example:80', 'https://localhost.evil.example:80/v2/'],
]

for (const domain of ['999.1.1.1:5000', 'x.example:70000', '[:::]']) {
  test(`${domain} is no host`, () => assert.throws(() => registryUrl(domain), /no valid host name/))
}

for (const [domain, url] of urls) {
  test(`${domain} is at ${url}`, () => assert.equal(registryUrl(domain).href, url))
}
