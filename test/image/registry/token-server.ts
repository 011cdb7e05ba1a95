/**
 * A token server for docker-registry, as the "Token Authentication Specification" of distribution has it: whoever logs in
 * as `registryUser` may do what is asked for, anybody else may read. Tokens are JWTs with the certificate in their head.
 */
import { randomUUID, sign, X509Certificate } from 'node:crypto'
import { registryUser } from '../../../rootfs-fixtures/registry/registry.ts'
import { type Server, serve } from './fake-registry.ts'
import type { Pair } from './test-ca.ts'

const base64url = (value: object | Buffer): string =>
  (Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value))).toString('base64url')

const basic = `Basic ${Buffer.from(`${registryUser.username}:${registryUser.password}`).toString('base64')}`

/** `repository:a/b:pull,push` as a claim. */
function accessOf(scope: string, mayWrite: boolean): object {
  const [type, name, actions = ''] = scope.split(':')
  return { type, name, actions: actions.split(',').filter((action) => mayWrite || action === 'pull') }
}

function makeToken(pair: Pair, query: URLSearchParams, mayWrite: boolean): string {
  const scopes = query.getAll('scope').flatMap((scope) => scope.split(' '))
  const now = Math.floor(Date.now() / 1000)
  const head = { typ: 'JWT', alg: 'ES256', x5c: [new X509Certificate(pair.cert).raw.toString('base64')] }
  const claims = {
    iss: 'test',
    sub: '',
    aud: query.get('service'),
    exp: now + 300,
    nbf: now - 10,
    iat: now,
    jti: randomUUID(),
    access: scopes.map((scope) => accessOf(scope, mayWrite)),
  }
  const signed = `${base64url(head)}.${base64url(claims)}`
  const signature = sign('sha256', Buffer.from(signed), { key: pair.key, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${base64url(signature)}`
}

/** Answers until closed; `pair` is what the registry was told to trust. */
export function serveTokens(pair: Pair): Promise<Server> {
  return serve((request, response) => {
    const { searchParams } = new URL(request.url!, 'http://x')
    const { authorization } = request.headers
    if (authorization !== undefined && authorization !== basic) {
      response.writeHead(401).end('{"errors":[{"code":"UNAUTHORIZED"}]}')
      return
    }
    const token = makeToken(pair, searchParams, authorization !== undefined)
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ token }))
  })
}
