/**
 * Proving who we are: Basic, or Docker's token flow, in which the registry names a token server and the token server
 * gives out short-lived tokens for one repository (distribution "Token Authentication Specification").
 */
import { RegistryError } from '../../errors.ts'
import { type Challenge, parseChallenges } from './challenge.ts'
import type { Credentials } from './credentials.ts'
import { type Answer, type Deadlines, exchange, readAll } from './http.ts'
import { isLoopback } from './loopback.ts'
import { httpFailure } from './status.ts'

export interface Login {
  /** The value for `Authorization`, once a registry has asked. */
  header(): string | undefined
  /** Answers a 401. Resolves to false when there is nothing to answer with. `refused` is the header it was for. */
  answer(challenge: string, refused: string | undefined): Promise<boolean>
  /** Whether the user has a login at all; known once the registry has asked. */
  hasCredentials(): boolean
}

interface LoginOptions {
  registry: URL
  repository: string
  /** Asked for at the first challenge only: a registry that wants no login wakes no keychain. */
  credentials: () => Promise<Credentials | undefined>
  insecure: boolean
  deadlines: Deadlines
  signal: AbortSignal | undefined
}

interface Proof extends LoginOptions {
  login: Credentials | undefined
  /** What every token so far was for: a new one is for all of it, or requests in flight would take turns. */
  scopes: Set<string>
}

export function startLogin(options: LoginOptions): Login {
  let header: string | undefined
  let pending: Promise<string | undefined> | undefined
  let known: Promise<Credentials | undefined> | undefined
  let hasCredentials = false
  const scopes = new Set<string>()
  const proveAnew = async (challenge: string): Promise<string | undefined> => {
    known ??= options.credentials()
    const login = await known
    hasCredentials = login !== undefined
    return prove(parseChallenges(challenge), { ...options, login, scopes })
  }
  return {
    header: () => header,
    hasCredentials: () => hasCredentials,
    async answer(challenge, refused) {
      // Three layers that meet one expired token need one new token.
      if (header === refused) {
        pending ??= proveAnew(challenge).finally(() => {
          pending = undefined
        })
        header = await pending
      }
      return header !== undefined && header !== refused
    },
  }
}

async function prove(challenges: Challenge[], proof: Proof): Promise<string | undefined> {
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer')
  if (bearer !== undefined) return `Bearer ${await fetchToken(bearer, proof)}`
  const offersBasic = challenges.some(({ scheme }) => scheme === 'basic')
  return offersBasic && proof.login !== undefined ? basic(proof.login) : undefined
}

const basic = ({ username, password }: Credentials): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

/**
 * A token from the server the registry names. That server is another host (auth.docker.io for Docker Hub) and gets
 * the login only because the registry itself, over the connection it was asked on, said so; never in clear text.
 */
async function fetchToken({ parameters }: Challenge, proof: Proof): Promise<string> {
  const { registry, repository, login, scopes, signal, deadlines, insecure } = proof
  const refuse = (fact: string): RegistryError =>
    new RegistryError(`Cannot log in to ${registry.host}: ${fact}`)
  const url = tokenServer(parameters.realm ?? '', registry, refuse)
  const anyScope = parameters.scope ?? (repository === '' ? '' : `repository:${repository}:pull`)
  for (const scope of anyScope.split(' ')) if (scope !== '') scopes.add(scope)
  const { service } = parameters
  const query = new URLSearchParams(service === undefined ? {} : { service })

  const common = { signal, deadlines, insecure: insecure && url.hostname === registry.hostname }
  let answer: Answer
  if (login?.identityToken === undefined) {
    if (login !== undefined) query.append('account', login.username)
    for (const scope of scopes) query.append('scope', scope)
    answer = await exchange(withQuery(url, query), common, login && basic(login))
  } else {
    query.append('scope', [...scopes].join(' '))
    query.append('grant_type', 'refresh_token')
    query.append('client_id', 'tinyctr')
    query.append('refresh_token', login.identityToken)
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    answer = await exchange(url, { ...common, method: 'POST', headers, body: query.toString() })
  }
  if (answer.status === 401 || answer.status === 403) {
    await answer.body.return()
    throw refuse(
      login ? 'unauthorized: incorrect username or password' : `${url.host} gives no token without a login`,
    )
  }
  if (answer.status !== 200) throw await httpFailure(answer, `Cannot log in to ${registry.host}`)
  const body = await readAll(answer, 1024 * 1024)
  const token = parseToken(body?.toString() ?? '')
  if (token === undefined) throw refuse(`${url.host} sent no token`)
  return token
}

/** In clear text only to this machine, or where the registry itself is spoken to in clear. */
function tokenServer(realm: string, registry: URL, refuse: (fact: string) => RegistryError): URL {
  if (!URL.canParse(realm)) throw refuse('it asks for a token but names no server to get it from')
  const url = new URL(realm)
  const isSameHost = url.hostname === registry.hostname && registry.protocol === 'http:'
  const isPrivate =
    url.protocol === 'https:' || (url.protocol === 'http:' && (isLoopback(url.hostname) || isSameHost))
  if (!isPrivate || (isLoopback(url.hostname) && !isLoopback(registry.hostname))) {
    throw refuse(`its token server ${url.origin} cannot be trusted with a login`)
  }
  return url
}

function withQuery(url: URL, query: URLSearchParams): URL {
  const asked = new URL(url)
  for (const [name, value] of query) asked.searchParams.append(name, value)
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
