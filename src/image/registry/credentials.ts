/** Who we are to a registry: the `auths` of Docker's config.json, as `docker login` leaves them. */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { RegistryError } from '../../errors.ts'

export interface Credentials {
  username: string
  password: string
  /** An OAuth2 refresh token, in place of the password. */
  identityToken?: string
}

interface Entry {
  auth?: string
  username?: string
  password?: string
  identitytoken?: string
}

/** `https://index.docker.io/v1/` -> `index.docker.io`: older logins wrote URLs. */
const hostOf = (key: string): string => key.replace(/^https?:\/\//, '').split('/', 1)[0]!

/** Docker Hub's login is kept under the name of its first index. */
const nameInConfig = (domain: string): string => (domain === 'docker.io' ? 'index.docker.io' : domain)

/** The login for `domain` in the text of a config.json. */
export function parseCredentials(text: string, domain: string): Credentials | undefined {
  const { auths = {} } = JSON.parse(text) as { auths?: Record<string, Entry> }
  const entry = Object.entries(auths).find(([key]) => hostOf(key) === nameInConfig(domain))?.[1]
  if (entry === undefined) return undefined
  const decoded = Buffer.from(entry.auth ?? '', 'base64').toString()
  const colon = decoded.indexOf(':')
  const username = entry.username ?? decoded.slice(0, Math.max(colon, 0))
  const password = entry.password ?? decoded.slice(colon + 1)
  const identityToken = entry.identitytoken
  if (username === '' && identityToken === undefined) return undefined
  return { username, password, ...(identityToken !== undefined && { identityToken }) }
}

/** The login for `domain` of the user who runs this, from `$DOCKER_CONFIG` or `~/.docker`; undefined: anonymous. */
export function readCredentials(domain: string): Credentials | undefined {
  const path = join(process.env.DOCKER_CONFIG ?? join(homedir(), '.docker'), 'config.json')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  try {
    return parseCredentials(text, domain)
  } catch (cause) {
    throw new RegistryError(`Cannot read logins from ${path}: it is not valid JSON`, { cause })
  }
}
