import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proxyFor } from '../../../src/image/registry/proxy.ts'

const proxies = { HTTPS_PROXY: 'http://secure:1', http_proxy: 'plain:2' }
const through = (url: string, no = ''): string | undefined =>
  proxyFor(new URL(url), { ...proxies, NO_PROXY: no })

test('each scheme has its proxy; this machine has none', () => {
  assert.equal(through('https://r.example/v2/'), 'http://secure:1')
  assert.equal(through('http://r.example/v2/'), 'http://plain:2')
  for (const host of ['localhost', '127.0.0.1:5000', '127.9.9.9', '[::1]:5000']) {
    assert.equal(through(`https://${host}/`), undefined, host)
  }
  assert.equal(proxyFor(new URL('https://r.example/'), {}), undefined)
  assert.throws(
    () => proxyFor(new URL('https://r.example/'), { HTTPS_PROXY: 'socks5://x' }),
    /HTTPS_PROXY is not the URL of an HTTP proxy/,
  )
})

/** NO_PROXY, a URL it exempts, one it does not: as Go's httpproxy documents them. */
const exemptions: [no: string, exempt: string, not: string][] = [
  ['example.com', 'https://example.com/', 'https://notexample.com/'],
  ['example.com', 'https://a.b.example.com/', 'https://example.com.evil/'],
  ['.example.com', 'https://a.example.com/', 'https://example.com/'],
  ['*.example.com', 'https://a.example.com/', 'https://example.com/'],
  ['other, example.com:8443 ,x', 'https://example.com:8443/', 'https://example.com/'],
  ['example.com:443', 'https://example.com/', 'https://example.com:444/'],
  ['10.1.2.3', 'https://10.1.2.3/', 'https://10.1.2.4/'],
  ['10.0.0.0/8', 'https://10.255.2.3/', 'https://11.1.2.3/'],
  ['fd00::/8', 'https://[fd12::1]/', 'https://[fe80::1]/'],
  ['[fd12::1]:5000', 'https://[fd12::1]:5000/', 'https://[fd12::2]:5000/'],
  ['EXAMPLE.COM', 'https://example.com/', 'https://example.org/'],
]
for (const [no, exempt, not] of exemptions) {
  test(`NO_PROXY=${no}`, () => {
    assert.equal(through(exempt, no), undefined, exempt)
    assert.equal(through(not, no), 'http://secure:1', not)
  })
}

test('NO_PROXY=* and entries that mean nothing', () => {
  assert.equal(through('https://r.example/', '*'), undefined)
  for (const no of ['10.0.0.0/99', '10.0.0.0/', 'x/y', ':', '[', ' ,, ']) {
    assert.equal(through('https://r.example/', no), 'http://secure:1', no)
  }
})
