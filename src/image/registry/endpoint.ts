/** Which hosts answer for an image's name, best first, and over what. */
import { RegistryError } from '../../errors.ts'
import { type Reference, repositoryName } from '../reference.ts'
import { speaksPlainHttp } from './connection.ts'
import { isLoopback } from './loopback.ts'
import { proxyFor } from './proxy.ts'
import { type RegistryRule, readRegistriesConf } from './registries-conf.ts'

export interface Endpoint {
  /** The registry as a login knows it. */
  domain: string
  /** The repository there; a mirror may keep it under another name. */
  path: string
  /** Its certificate is not checked, and it may speak plain HTTP. */
  insecure: boolean
}

/** Docker Hub answers API calls under another name than the one in image names. */
const aliases: Record<string, string> = { 'docker.io': 'registry-1.docker.io' }

/** How much of `name` a rule's prefix covers; 0: it is not meant. */
function covers({ prefix }: RegistryRule, name: string): number {
  if (prefix.startsWith('*.')) {
    const [domain = ''] = name.split('/', 1)
    const host = domain.replace(/:\d+$/, '')
    return host.endsWith(prefix.slice(1)) ? domain.length : 0
  }
  const isWhole = name === prefix || ['/', ':', '@'].some((end) => name.startsWith(prefix + end))
  return isWhole ? prefix.length : 0
}

function endpointAt(location: string, rest: string, insecure: boolean): Endpoint {
  const [domain = '', ...path] = `${location}${rest}`.split('/')
  return { domain, path: path.join('/'), insecure }
}

/**
 * Where to look for `reference`: its mirrors in their order, its registry last.
 * @throws RegistryError when the registry is blocked; ConfigError for a bad registries.conf
 */
export function endpointsOf(reference: Reference, rules = readRegistriesConf()): Endpoint[] {
  const name = repositoryName(reference)
  const [best] = rules
    .filter((rule) => covers(rule, name) > 0)
    .sort((a, b) => b.prefix.length - a.prefix.length)
  const { domain, path } = reference
  if (best === undefined) return [{ domain, path, insecure: false }]
  if (best.blocked) {
    throw new RegistryError(`Cannot use ${name}: registry ${best.prefix} is blocked in ${best.file}`)
  }
  const rest = name.slice(covers(best, name))
  const serves = reference.digest === undefined ? 'tag-only' : 'digest-only'
  const mirrors = best.mirrors.filter((mirror) => mirror.serves === 'all' || mirror.serves === serves)
  const own =
    best.location === ''
      ? { domain, path, insecure: best.insecure }
      : endpointAt(best.location, rest, best.insecure)
  return [...mirrors.map(({ location, insecure }) => endpointAt(location, rest, insecure)), own]
}

/**
 * The base URL of a registry: HTTPS always, except where it may be plain HTTP and is. Only this machine may without being
 * asked (Docker trusts 127.0.0.0/8 likewise), and what registries.conf calls insecure.
 */
export async function registryUrl(
  { domain, insecure }: Omit<Endpoint, 'path'>,
  signal?: AbortSignal,
): Promise<URL> {
  const host = Object.hasOwn(aliases, domain) ? aliases[domain]! : domain
  const base = `https://${host}/v2/`
  // The grammar of names lets through what no host can be: 999.1.1.1, port 70000.
  if (!URL.canParse(base))
    throw new RegistryError(`Cannot reach the registry ${domain}: it is no valid host name`)
  const url = new URL(base)
  const mayBePlain = isLoopback(url.hostname) || insecure
  if (!mayBePlain || proxyFor(url) !== undefined) return url
  return (await speaksPlainHttp(url, signal)) ? new URL(base.replace(/^https/, 'http')) : url
}
