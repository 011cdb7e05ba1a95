/**
 * fetch, with the two things that the standard leaves out: whom to trust, and through which proxy. Bun's takes both as
 * options; Node's takes a dispatcher of undici, its own HTTP client as a package.
 */
import type { Dispatcher } from 'undici'
import type { Tls } from './certificates.ts'

export interface Connection {
  tls?: Tls | undefined
  proxy?: string | undefined
}

const isBun = process.versions.bun !== undefined

/** fetch by `connection`. @throws what the runtime's fetch throws */
export function fetchOver(url: URL, init: RequestInit, connection: Connection): Promise<Response> {
  if (isBun) return fetchWithBun(url, init, connection)
  const isPlain = connection.tls === undefined && connection.proxy === undefined
  return isPlain ? fetch(url, init) : fetchWithUndici(url, init, connection)
}

/**
 * Bun reads the proxy variables by itself, by other rules than ours (proxy.ts), and NO_PROXY even against the option: while
 * it looks they say what we decided.
 */
function fetchWithBun(url: URL, init: RequestInit, { tls, proxy }: Connection): Promise<Response> {
  const options = { ...init, ...(tls && { tls }), ...(proxy !== undefined && { proxy }) }
  const { NO_PROXY: before } = process.env
  process.env.NO_PROXY = proxy === undefined ? '*' : ''
  try {
    return fetch(url, options)
  } finally {
    if (before === undefined) delete process.env.NO_PROXY
    else process.env.NO_PROXY = before
  }
}

/** One for each way to connect, so that connections are used again. */
const dispatchers = new WeakMap<Connection, Dispatcher>()

async function fetchWithUndici(url: URL, init: RequestInit, connection: Connection): Promise<Response> {
  const undici = await import('undici')
  let dispatcher = dispatchers.get(connection)
  if (dispatcher === undefined) {
    const { proxy, tls = {} } = connection
    dispatcher =
      proxy === undefined
        ? new undici.Agent({ connect: tls })
        : new undici.ProxyAgent({ uri: proxy, requestTls: tls, proxyTunnel: url.protocol === 'https:' })
    dispatchers.set(connection, dispatcher)
  }
  type Init = Parameters<typeof undici.fetch>[1]
  return (await undici.fetch(url, { ...init, dispatcher } as Init)) as unknown as Response
}
