/** How to connect to a host: its certificates, the proxy on the way, and whether it speaks TLS at all. */
import { createConnection } from 'node:net'
import { tlsFor } from './certificates.ts'
import { isLoopback } from './loopback.ts'
import { proxyFor } from './proxy.ts'
import type { Connection } from './transport.ts'

/** Longer than any host needs to answer nonsense. One that stays silent is asked over plain HTTP, which will tell. */
const probeMs = 2000

const known = new Map<string, Connection>()

/** The same object for the same host, so that its connections are used again. */
export function connectionTo(url: URL, isInsecure: boolean): Connection {
  const key = `${url.origin} ${isInsecure}`
  const found = known.get(key)
  if (found !== undefined) return found
  const made: Connection = {
    ...(url.protocol === 'https:' && { tls: tlsFor(url.host, isInsecure || isLoopback(url.hostname)) }),
    proxy: proxyFor(url),
  }
  known.set(key, made)
  return made
}

/**
 * A TLS alert that says goodbye before hello, then what ends a line of HTTP: a TLS server answers by an alert of its own
 * or closes, an HTTP server complains in text. No request is seen by either.
 */
const goodbye = Uint8Array.of(0x15, 3, 1, 0, 2, 1, 0, 13, 10, 13, 10)

/** Whether plain HTTP is spoken at `url`, asked of hosts only that may speak it: those of this machine, and insecure ones. */
export function speaksPlainHttp(url: URL, signal?: AbortSignal): Promise<boolean> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return new Promise((resolve) => {
    const socket = createConnection({ host, port: Number(url.port || 443), signal })
    const settle = (isPlain: boolean): void => {
      socket.destroy()
      resolve(isPlain)
    }
    socket.once('connect', () => socket.write(goodbye))
    socket.once('data', (answer) => settle(answer[0]! >= 0x20 && answer[0]! < 0x7f))
    socket.once('close', () => settle(false))
    socket.once('end', () => settle(false))
    // Nobody there: plain HTTP may be at another port, and else the next request says so.
    socket.once('error', () => settle(true))
    socket.setTimeout(probeMs, () => settle(true))
  })
}
