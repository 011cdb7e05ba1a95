/**
 * Proving who we are: Basic, or Docker's token flow, in which the registry names a token server and the token server
 * gives out short-lived tokens for one repository (distribution "Token Authentication Specification").
 */
import { RegistryError } from '../../errors.ts'
import { type Challenge, parseChallenges } from './challenge.ts'
import type { Credentials } from './credentials.ts'
import { isLoopback } from './endpoint.ts'
import { type Deadlines, exchange, readAll } from './http.ts'
import { httpFailure } from './status.ts'

export interface Login {
  /** The value for `Authorization`, once a registry has asked. */
  header(): string | undefined
  /** Answers a 401. Resolves to false when there is nothing to answer with. `refused` is the header it was for. */
  answer(challenge: string, refused: string | undefined): Promise<boolean>
}

interface LoginOptions {
  registry: URL
  repository: string
  credentials: Credentials | undefined
  deadlines: Deadlines
  signal: AbortSignal | undefined
}

export function startLogin(options: LoginOptions): Login {
  let header: string | undefined
  let pending: Promise<string | undefined> | undefined
  return {
    header: () => header,
    async answer(challenge, refused) {
      // Three layers that meet one expired token need one new token.
      if (header === refused) {
        pending ??= prove(parseChallenges(challenge), options).finally(() => {
          pending = undefined
        })
        header = await pending
      }
      return header !== undefined && header !== refused
    },
  }
}

async function prove(challenges: Challenge[], options: LoginOptions): Promise<string | undefined> {
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer')
  if (bearer !== undefined) return `Bearer ${await fetchToken(bearer, options)}`
  const offersBasic = challenges.some(({ scheme }) => scheme === 'basic')
  return offersBasic && options.credentials !== undefined ? basic(options.credentials) : undefined
}

const basic = ({ username, password }: Credentials): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

/**
 * A token from the server the registry names. That server is another host (auth.docker.io for Docker Hub) and gets
 * the login only because the registry itself, over the connection it was asked on, said so; never in clear text.
 */
async function fetchToken({ parameters }: Challenge, options: LoginOptions): Promise<string> {
  const { registry, repository, credentials } = options
  const { realm = '', service, scope = `repository:${repository}:pull` } = parameters
  const refuse = (fact: string): RegistryError =>
    new RegistryError(`Cannot log in to ${registry.host}: ${fact}`)
  if (!URL.canParse(realm)) throw refuse('it asks for a token but names no server to get it from')
  const url = new URL(realm)
  const isPrivate = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
  if (!isPrivate || (isLoopback(url.hostname) && !isLoopback(registry.hostname))) {
    throw refuse(`its token server ${url.origin} cannot be trusted with a login`)
  }

  const common = { signal: options.signal, deadlines: options.deadlines }
  const query = { ...(service !== undefined && { service }), scope }
  const answer =
    credentials?.identityToken === undefined
      ? await exchange(withQuery(url, query), common, credentials && basic(credentials))
      : await exchange(url, {
          ...common,
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({
            ...query,
            grant_type: 'refresh_token',
            client_id: 'tinyctr',
            refresh_token: credentials.identityToken,
          }).toString(),
        })
  if (answer.status !== 200) {
    if (answer.status === 401 || answer.status === 403) {
      await answer.body.return()
      throw refuse(
        credentials ? 'the user name or the password is wrong' : `${url.host} gives no token without a login`,
      )
    }
    throw await httpFailure(answer, `Cannot log in to ${registry.host}`)
  }
  const body = await readAll(answer, 1024 * 1024)
  const token = parseToken(body?.toString() ?? '')
  if (token === undefined) throw refuse(`${url.host} sent no token`)
  return token
}

function withQuery(url: URL, query: Record<string, string>): URL {
  const asked = new URL(url)
  for (const [name, value] of Object.entries(query)) asked.searchParams.append(name, value)
  return asked
}

/** `token` is Docker's name for it, `access_token` OAuth2's. One that could break out of its header is none. */
function parseToken(text: string): string | undefined {
  try {
    const { token, access_token } = JSON.parse(text) as Record<string, unknown>
    const found = token || access_token
    return typeof found === 'string' && /^[\x21-\x7e]+$/.test(found) ? found : undefined
  } catch {
    return undefined
  }
}
