/**
 * Credential helpers: programs `docker-credential-NAME` that keep logins in a keychain. One word as argument, JSON or
 * a server's name on stdin, JSON on stdout (github.com/docker/docker-credential-helpers, "Development").
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { RegistryError } from '../../errors.ts'
import { printable } from '../printable.ts'
import type { Credentials } from './credentials.ts'

/** The user name under which a secret is no password but an OAuth2 refresh token. */
const tokenUser = '<token>'
/** What helpers say for a server they do not know. */
const unknownServer = 'credentials not found in native keychain'

async function ask(helper: string, verb: 'get' | 'store' | 'erase', input: string): Promise<string> {
  const program = `docker-credential-${helper}`
  const refuse = (fact: string, cause?: unknown): RegistryError =>
    new RegistryError(`Cannot ${verb} the login with ${program}: ${fact}`, { cause })
  // The name comes from a file and is looked up in PATH: it is not to lead elsewhere.
  if (!/^[A-Za-z0-9._-]+$/.test(helper)) throw refuse('that is no name of a credential helper')
  const child = spawn(program, [verb], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'close').catch((cause: NodeJS.ErrnoException) => {
    throw refuse(cause.code === 'ENOENT' ? 'there is no such program in PATH' : cause.message, cause)
  })
  // A helper may end without reading.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [said, [code]] = await Promise.all([text(child.stdout), exited])
  if (code === 0) return said
  if (verb !== 'store' && said.trim().startsWith(unknownServer)) return ''
  throw refuse(printable(said.trim()) || `it ended with exit code ${code}`)
}

/** The login for `server`, or undefined when the helper has none. @throws RegistryError */
export async function getFromHelper(helper: string, server: string): Promise<Credentials | undefined> {
  const said = await ask(helper, 'get', server)
  if (said.trim() === '') return undefined
  try {
    const { Username: username = '', Secret: secret = '' } = JSON.parse(said) as Record<string, string>
    if (username === '' && secret === '') return undefined
    return username === tokenUser
      ? { username: '', password: '', identityToken: secret }
      : { username, password: secret }
  } catch (cause) {
    throw new RegistryError(`Cannot get the login with docker-credential-${helper}: it printed no JSON`, {
      cause,
    })
  }
}

export async function storeInHelper(helper: string, server: string, login: Credentials): Promise<void> {
  const { username, password, identityToken } = login
  const entry = identityToken
    ? { ServerURL: server, Username: tokenUser, Secret: identityToken }
    : { ServerURL: server, Username: username, Secret: password }
  await ask(helper, 'store', JSON.stringify(entry))
}

export async function eraseFromHelper(helper: string, server: string): Promise<void> {
  await ask(helper, 'erase', server)
}
