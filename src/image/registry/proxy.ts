/** Which proxy leads to a host: HTTP_PROXY, HTTPS_PROXY and NO_PROXY as Go programs read them (golang.org/x/net/http/httpproxy). */
import { BlockList, isIP } from 'node:net'
import { RegistryError } from '../../errors.ts'
import { isLoopback } from './loopback.ts'

type Environment = Readonly<Record<string, string | undefined>>

const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, '')

function isInNetwork(address: string, entry: string): boolean {
  const [network = '', bits = ''] = entry.split('/')
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4'
  const most = family === 'ipv6' ? 128 : 32
  if (isIP(network) === 0 || isIP(address) === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most)
    return false
  const list = new BlockList()
  list.addSubnet(network, Number(bits), family)
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

/** `example.com` also means what is below it, `.example.com` only that; an address, a network, `*`; each may have a port. */
function isExempt(url: URL, entry: string): boolean {
  if (entry === '*') return true
  const host = bare(url.hostname)
  if (entry.includes('/')) return isInNetwork(host, entry)
  const [, name = '', port] = /^(\[[^\]]*\]|[^:]*|[0-9a-f:]*:[0-9a-f:]*)(?::(\d+))?$/.exec(entry) ?? []
  if (name === '') return false
  const ownPort = url.port || (url.protocol === 'https:' ? '443' : '80')
  if (port !== undefined && port !== ownPort) return false
  const wanted = bare(name).replace(/^\*\./, '.')
  if (isIP(wanted) !== 0) return wanted === host
  return wanted.startsWith('.') ? host.endsWith(wanted) : host === wanted || host.endsWith(`.${wanted}`)
}

/** The proxy's URL, or undefined for a direct connection. What does not leave this machine has no proxy. */
export function proxyFor(url: URL, environment: Environment = process.env): string | undefined {
  const variable = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const proxy = environment[variable] || environment[variable.toLowerCase()]
  if (!proxy || isLoopback(url.hostname)) return undefined
  const exempt = (environment.NO_PROXY || environment.no_proxy || '').toLowerCase()
  if (exempt.split(/[\s,]+/).some((entry) => entry !== '' && isExempt(url, entry))) return undefined
  const full = proxy.includes('://') ? proxy : `http://${proxy}`
  if (!URL.canParse(full) || !/^https?:$/.test(new URL(full).protocol)) {
    throw new RegistryError(`Cannot reach ${url.host}: ${variable} is not the URL of an HTTP proxy`)
  }
  return full
}
