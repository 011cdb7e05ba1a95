/**
 * The live page: read-only, on the loopback, for who has the token. Any web page may send requests to a loopback port,
 * so the Host header is checked as well (DNS rebinding).
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CAPABILITY_WORDS } from './capability-words.ts'
import { PAGE } from './page.ts'
import { type Running, type Subject, takeSnapshot } from './snapshot.ts'

export interface View {
  readonly url: string
  close(): void
}

/** @param running asked again and again: containers come and go */
export async function serveView(
  subject: Subject | undefined,
  running: () => readonly Running[],
): Promise<View> {
  const token = randomBytes(24).toString('base64url')
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, body: string): void => {
      response.writeHead(status, {
        'content-type': `${type}; charset=utf-8`,
        'cache-control': 'no-store',
        'content-security-policy':
          "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'",
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      })
      response.end(body)
    }
    if (request.method !== 'GET') return answer(405, 'text/plain', 'This page only shows.\n')
    const address = parseAddress(request)
    if (!address || !isAllowed(address, request, token))
      return answer(403, 'text/plain', 'The token in the address is missing or wrong.\n')
    const path = address.pathname
    if (path === '/') return answer(200, 'text/html', PAGE)
    if (path === '/data')
      return answer(200, 'application/json', JSON.stringify(takeSnapshot(subject, running())))
    if (path === '/words') return answer(200, 'application/json', JSON.stringify(CAPABILITY_WORDS))
    return answer(404, 'text/plain', 'There is nothing here.\n')
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/?token=${token}`,
    close: () => server.close().closeAllConnections(),
  }
}

/** What is no path of ours may be no address at all: `GET //`. */
function parseAddress({ url = '/' }: IncomingMessage): URL | undefined {
  return url.startsWith('/') && URL.canParse(url, BASE) ? new URL(url, BASE) : undefined
}

const BASE = 'http://localhost'

function isAllowed(address: URL, { headers }: IncomingMessage, token: string): boolean {
  if (!/^(127\.0\.0\.1|localhost):\d+$/.test(headers.host ?? '')) return false
  const given = Buffer.from(address.searchParams.get('token') ?? '')
  const expected = Buffer.from(token)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
