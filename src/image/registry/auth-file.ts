/**
 * The files in which logins are kept: Docker's config.json and podman's auth.json, which share one form
 * (containers-auth.json(5)). Pure: text in, text out.
 */
import type { Credentials } from './credentials.ts'

export interface AuthEntry {
  /** Base64 of `USER:PASSWORD`. */
  auth?: string
  username?: string
  password?: string
  identitytoken?: string
}

/** Only what we read; all else in the file is kept as it is. */
export interface AuthFile {
  auths?: Record<string, AuthEntry>
  /** The suffix of a program `docker-credential-SUFFIX` that keeps every login, or one registry's. */
  credsStore?: string
  credHelpers?: Record<string, string>
}

/** Docker Hub's login goes by the URL of its first index. */
const hubKey = 'https://index.docker.io/v1/'
const hubNames = ['index.docker.io', 'registry-1.docker.io']

/** How Docker names a registry in config.json and to a credential helper. */
export const serverKey = (domain: string): string => (domain === 'docker.io' ? hubKey : domain)

/** A key as a plain name: `https://HOST/v1/` of older logins is HOST; podman's `HOST/NAMESPACE` keeps its path. */
function nameOf(key: string): string {
  const bare = key.replace(/^https?:\/\//, '').replace(/\/+$/, '')
  const [host = '', ...path] = bare.split('/')
  const domain = hubNames.includes(host) ? 'docker.io' : host
  const isUrl = bare !== key.replace(/\/+$/, '') || /^v[12]$/.test(path.join('/'))
  return isUrl || path.length === 0 ? domain : `${domain}/${path.join('/')}`
}

/** The names under which the login of `domain/path` may stand, the most specific first. */
function scopes(domain: string, path: string): string[] {
  const parts = path === '' ? [] : path.split('/')
  return [...parts.map((_, at) => [domain, ...parts.slice(0, parts.length - at)].join('/')), domain]
}

function find<T>(record: Record<string, T> | undefined, name: string): T | undefined {
  return Object.entries(record ?? {}).find(([key]) => nameOf(key) === name)?.[1]
}

/** @throws SyntaxError, TypeError when the text is no such file */
export function parseAuthFile(text: string): AuthFile {
  const file = JSON.parse(text) as AuthFile | null
  if (typeof file !== 'object' || file === null || Array.isArray(file)) throw new TypeError('not an object')
  return file
}

function credentialsOf(entry: AuthEntry): Credentials | undefined {
  const decoded = Buffer.from(entry.auth ?? '', 'base64').toString()
  const colon = decoded.indexOf(':')
  const username = entry.username ?? decoded.slice(0, Math.max(colon, 0))
  // podman pads with NULs what an old Docker wrote.
  const password = entry.password ?? decoded.slice(colon + 1).replace(/\0+$/, '')
  const identityToken = entry.identitytoken
  if (username === '' && !identityToken) return undefined
  return { username, password, ...(identityToken && { identityToken }) }
}

/** The login that the file itself holds for the repository `path` of `domain`. */
export function storedCredentials(file: AuthFile, domain: string, path = ''): Credentials | undefined {
  for (const scope of scopes(domain, path)) {
    const entry = find(file.auths, scope)
    const credentials = entry && credentialsOf(entry)
    if (credentials !== undefined) return credentials
  }
  return undefined
}

/** The credential helper that the file names for `domain`. */
export const helperFor = (file: AuthFile, domain: string): string | undefined =>
  find(file.credHelpers, domain) ?? (file.credsStore || undefined)

/** The file with `entry` as the login of `domain`, or with none. */
export function withEntry(file: AuthFile, domain: string, entry: AuthEntry | undefined): AuthFile {
  const others = Object.entries(file.auths ?? {}).filter(([key]) => nameOf(key) !== domain)
  return {
    ...file,
    auths: Object.fromEntries(entry === undefined ? others : [...others, [serverKey(domain), entry]]),
  }
}

export const hasEntry = (file: AuthFile, domain: string): boolean => find(file.auths, domain) !== undefined
