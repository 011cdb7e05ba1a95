/** Which host answers for a registry's name, and over what. */
import { RegistryError } from '../../errors.ts'

/** Docker Hub answers API calls under another name than the one in image names. */
const aliases: Record<string, string> = { 'docker.io': 'registry-1.docker.io' }

/** 127.0.0.0/8, ::1 and localhost: what cannot leave this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

/**
 * The base URL of a registry. HTTPS always, except on this machine itself, where test registries speak plain HTTP
 * (Docker trusts 127.0.0.0/8 likewise); port 443 is HTTPS there too.
 */
export function registryUrl(domain: string): URL {
  const host = Object.hasOwn(aliases, domain) ? aliases[domain]! : domain
  const base = `https://${host}/v2/`
  // The grammar of names lets through what no host can be: 999.1.1.1, port 70000.
  if (!URL.canParse(base))
    throw new RegistryError(`Cannot reach the registry ${domain}: it is no valid host name`)
  const url = new URL(base)
  if (isLoopback(url.hostname) && url.port !== '') url.protocol = 'http:'
  return url
}
