/** Talking to one repository at one endpoint: requests that are logged in when the registry asks for it. */

import { startLogin } from './auth.ts'
import type { Credentials } from './credentials.ts'
import { readCredentials } from './credentials.ts'
import { type Endpoint, registryUrl } from './endpoint.ts'
import { isUnreachable, NetworkError } from './failure.ts'
import { type Answer, type Body, type Deadlines, defaultDeadlines, type Exchange, exchange } from './http.ts'
import { defaultPatience, type Patience } from './retry.ts'

export interface RegistryOptions {
  /** As if registries.conf called it insecure. */
  insecure?: boolean
  signal?: AbortSignal | undefined
  deadlines?: Deadlines
  patience?: Patience
  credentials?: (domain: string, path: string) => Promise<Credentials | undefined>
}

export interface Request {
  method?: NonNullable<Exchange['method']>
  headers?: Record<string, string>
  /** Made anew for each time it is sent. */
  body?: () => Body
  /** Ends this request alone. */
  signal?: AbortSignal
}

export interface Session {
  readonly endpoint: Endpoint
  readonly signal: AbortSignal | undefined
  readonly deadlines: Deadlines
  readonly patience: Patience
  /**
   * Any answer, also one that is a refusal. `where` is a path below the repository, or a whole URL that the registry
   * named; the login goes to the registry itself only (CVE-2020-15157).
   */
  request(where: string | URL, request?: Request): Promise<Answer>
  /** Whether the user has a login there; known once the registry has asked for one. */
  hasCredentials(): boolean
}

/** @param path the repository; empty: the registry as a whole */
export async function openSession(endpoint: Endpoint, options: RegistryOptions = {}): Promise<Session> {
  const { signal, deadlines = defaultDeadlines, patience = defaultPatience } = options
  const { domain, path, insecure } = endpoint
  const registry = await registryUrl(endpoint, signal)
  const base = path === '' ? registry : new URL(`${path}/`, registry)
  const credentials = (): Promise<Credentials | undefined> =>
    (options.credentials ?? readCredentials)(domain, path)
  const login = startLogin({ registry, repository: path, credentials, insecure, deadlines, signal })

  let hasAnswered = false
  const send = async (url: URL, request: Exchange, authorization: string | undefined): Promise<Answer> => {
    try {
      const answer = await exchange(url, request, authorization)
      hasAnswered = true
      return answer
    } catch (error) {
      // A registry that was there a moment ago is not offline: the same failure is now worth another try.
      if (!hasAnswered || !(error instanceof NetworkError) || !isUnreachable(error)) throw error
      throw new NetworkError(error.message, { cause: error.cause, transient: true })
    }
  }

  return {
    endpoint,
    signal,
    deadlines,
    patience,
    hasCredentials: login.hasCredentials,
    async request(where, { body, signal: own, ...request } = {}) {
      const url = new URL(where, base)
      const isOwn = url.origin === registry.origin
      for (let mayLogIn = isOwn; ; mayLogIn = false) {
        const authorization = isOwn ? login.header() : undefined
        const sent = {
          ...request,
          ...(body && { body: body() }),
          signal:
            own === undefined || signal === undefined ? (own ?? signal) : AbortSignal.any([own, signal]),
          deadlines,
          insecure: insecure && isOwn,
        }
        const answer = await send(url, sent, authorization)
        // Only the registry itself may ask for a login: a host it redirected to has no business with it.
        const challenge = answer.url.origin === url.origin ? answer.headers.get('www-authenticate') : null
        if (answer.status !== 401 || !mayLogIn || challenge === null) return answer
        if (!(await login.answer(challenge, authorization))) return answer
        await answer.body.return()
      }
    },
  }
}
