/** Which host answers for a registry's name, and over what. */

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
  const url = new URL(`https://${host}/v2/`)
  if (isLoopback(url.hostname) && url.port !== '') url.protocol = 'http:'
  return url
}
