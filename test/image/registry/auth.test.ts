import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { RegistryError } from '../../../src/errors.ts'
import { parseReference } from '../../../src/image/reference.ts'
import { openRegistry, type Registry } from '../../../src/image/registry/client.ts'
import type { Credentials } from '../../../src/image/registry/credentials.ts'
import { type Handler, honest, makeImage, plainLayer, type Server, serve } from './fake-registry.ts'

const servers: Server[] = []
after(() => Promise.all(servers.map((server) => server.close())))

async function start(handler: Handler): Promise<Server> {
  const server = await serve(handler)
  servers.push(server)
  return server
}

const image = makeImage([plainLayer(Buffer.alloc(5000, 1)), plainLayer(Buffer.alloc(6000, 2))])
const alice: Credentials = { username: 'alice', password: 'pass:word' }
const aliceBasic = `Basic ${Buffer.from('alice:pass:word').toString('base64')}`

const open = ({ host }: Server, credentials?: Credentials): Registry =>
  openRegistry(parseReference(`${host}/x`), {
    credentials: async () => credentials,
    patience: { attempts: 2, delayMs: 1, longestDelayMs: 10 },
  })

async function drain(bytes: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0
  for await (const piece of bytes) size += piece.length
  return size
}

/** A registry that wants `Authorization: Bearer TOKEN`, for the token that `current` names at the time. */
const guarded =
  (realm: string, current: () => string): Handler =>
  (request, response, times) => {
    if (request.headers.authorization === `Bearer ${current()}`)
      return honest(image.content)(request, response, times)
    const scope = 'repository:x:pull'
    response
      .writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="reg",scope="${scope}"` })
      .end()
  }

test('an anonymous token is fetched once, for all requests', async () => {
  const tokens = await start((_, response) => void response.end('{"token":"t1","expires_in":60}'))
  const server = await start(guarded(`http://${tokens.host}/token?a=b`, () => 't1'))
  const registry = open(server)
  await registry.manifest('latest')
  await Promise.all(image.layers.map((layer) => drain(registry.blob(layer))))
  assert.deepEqual(
    tokens.seen.map(({ line }) => line),
    ['GET /token?a=b&service=reg&scope=repository%3Ax%3Apull'],
  )
  assert.equal(tokens.seen[0]?.headers.authorization, undefined)
  assert.equal(server.seen.length, 4)
})

test('an expired token is renewed once, however many notice', async () => {
  let token = 't1'
  const tokens = await start((_, response) => void response.end(JSON.stringify({ access_token: token })))
  const server = await start(guarded(`http://${tokens.host}/`, () => token))
  const registry = open(server)
  await registry.manifest('latest')
  token = 't2'
  await Promise.all(image.layers.map((layer) => drain(registry.blob(layer))))
  assert.equal(tokens.seen.length, 2)
})

test('the login goes to the token server, the token to the registry', async () => {
  const tokens = await start((_, response) => void response.end('{"token":"t1"}'))
  const server = await start(guarded(`http://${tokens.host}/`, () => 't1'))
  await open(server, alice).manifest('latest')
  assert.equal(tokens.seen[0]?.headers.authorization, aliceBasic)
  assert.deepEqual(
    server.seen.map(({ headers }) => headers.authorization),
    [undefined, 'Bearer t1'],
  )
})

test('an identity token is exchanged by POST, which follows no redirect', async () => {
  const identity = { username: '', password: '', identityToken: 'secret' }
  const tokens = await start((_, response) => void response.end('{"access_token":"t1"}'))
  const server = await start(guarded(`http://${tokens.host}/`, () => 't1'))
  await open(server, identity).manifest('latest')
  assert.equal(tokens.seen[0]?.line, 'POST /')

  const thief = await start((_, response) => void response.end('{"access_token":"t1"}'))
  const redirecting = await start(
    (_, r) => void r.writeHead(307, { location: `http://${thief.host}/` }).end(),
  )
  const other = await start(guarded(`http://${redirecting.host}/`, () => 't1'))
  await assert.rejects(open(other, identity).manifest('latest'), /Cannot log in .* HTTP 307/)
  assert.equal(thief.seen.length, 0)
})

test('basic authentication, only when asked for', async () => {
  const server = await start((request, response, times) =>
    request.headers.authorization === aliceBasic
      ? honest(image.content)(request, response, times)
      : void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
  )
  await open(server, alice).manifest('latest')
  assert.equal(server.seen[0]?.headers.authorization, undefined)
  await assert.rejects(
    open(server).manifest('latest'),
    /it needs a login: pull access denied, may require 'tinyctr login'/,
  )
  const wrong = { ...alice, password: 'wrong' }
  await assert.rejects(
    open(server, wrong).manifest('latest'),
    /your login for 127\.0\.0\.1:\d+ may not read it/,
  )
})

test('a redirect to another host carries no Authorization, one to the same host does', async () => {
  const storage = await start((_, response) => void response.end(Buffer.alloc(5000, 1)))
  const server = await start((request, response, times) => {
    if (request.headers.authorization !== aliceBasic) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    } else if (request.url?.startsWith('/v2/x/manifests/')) {
      response.writeHead(307, { location: '/moved' }).end()
    } else if (request.url === '/moved') {
      honest(image.content)(Object.assign(request, { url: '/v2/x/manifests/latest' }), response, times)
    } else {
      response.writeHead(307, { location: `http://${storage.host}/signed?s=1` }).end()
    }
  })
  const registry = open(server, alice)
  await registry.manifest('latest')
  assert.equal(await drain(registry.blob(image.layers[0]!)), 5000)
  assert.deepEqual(
    storage.seen.map(({ line, headers }) => [line, headers.authorization]),
    [['GET /signed?s=1', undefined]],
  )
})

test('a host the registry redirects to cannot ask for a login', async () => {
  const tokens = await start((_, response) => void response.end('{"token":"t"}'))
  const thief = await start(
    (_, response) =>
      void response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${tokens.host}/"` }).end(),
  )
  const server = await start((_, r) => void r.writeHead(302, { location: `http://${thief.host}/` }).end())
  await assert.rejects(open(server, alice).manifest('latest'), RegistryError)
  assert.equal(tokens.seen.length, 0)
})

/** The challenge, what the error says. */
const badRealms: [string, RegExp][] = [
  ['Bearer realm="http://tokens.invalid/"', /cannot be trusted with a login/],
  ['Bearer realm="file:///etc/passwd"', /cannot be trusted/],
  ['Bearer service="x"', /names no server/],
]

for (const [challenge, says] of badRealms) {
  test(`${challenge} gets no login`, async () => {
    const server = await start((_, r) => void r.writeHead(401, { 'www-authenticate': challenge }).end())
    await assert.rejects(open(server, alice).manifest('latest'), says)
  })
}

test('a token server that refuses, fails or talks nonsense', async () => {
  const answers: [Handler, RegExp][] = [
    [(_, r) => void r.writeHead(401).end(), /gives no token without a login/],
    [(_, r) => void r.writeHead(500).end(), /Cannot log in to .*: HTTP 500/],
    [(_, r) => void r.end('<html>'), /sent no token/],
    [(_, r) => void r.end('{"token":"a\\r\\nb"}'), /sent no token/],
  ]
  for (const [handler, says] of answers) {
    const tokens = await start(handler)
    const server = await start(guarded(`http://${tokens.host}/`, () => 't1'))
    await assert.rejects(open(server).manifest('latest'), says)
  }
})

test('redirects without end or to nowhere are refused', async () => {
  const loop = await start((_, response) => void response.writeHead(302, { location: '/again' }).end())
  await assert.rejects(open(loop).manifest('latest'), /redirects more than 10 times/)
  const nowhere = await start((_, response) => void response.writeHead(302, { location: 'ftp://x/' }).end())
  await assert.rejects(open(nowhere).manifest('latest'), /redirects to "ftp:\/\/x\/"/)
})
