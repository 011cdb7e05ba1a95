/** Trying a login out, before it is kept (distribution-spec "Determining Support": GET /v2/). */
import { RegistryError } from '../../errors.ts'
import type { Credentials } from './credentials.ts'
import { endpointsOf } from './endpoint.ts'
import { persist } from './retry.ts'
import { openSession, type RegistryOptions } from './session.ts'
import { httpFailure } from './status.ts'

/** `https://index.docker.io/v1/`, `registry.example:5000/team`: the registry that a person means, as image names have it. */
export function registryDomain(server: string): string {
  const [host = ''] = server.replace(/^https?:\/\//, '').split('/', 1)
  return host === '' || host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host
}

/** Resolves when the registry takes `login`. @throws RegistryError */
export async function checkLogin(
  domain: string,
  login: Credentials,
  options: Omit<RegistryOptions, 'credentials'> = {},
): Promise<void> {
  const { insecure = false } = endpointsOf({ domain, path: '' }).at(-1) ?? {}
  const endpoint = { domain, path: '', insecure }
  const session = await openSession(endpoint, { ...options, credentials: async () => login })
  await persist(
    async () => {
      const answer = await session.request('')
      if (answer.status === 401 || answer.status === 403) {
        await answer.body.return()
        throw new RegistryError(`Cannot log in to ${domain}: unauthorized: incorrect username or password`)
      }
      if (answer.status !== 200) throw await httpFailure(answer, `Cannot log in to ${domain}`)
      await answer.body.return()
    },
    session.patience,
    options.signal,
  )
}
