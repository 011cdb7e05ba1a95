/**
 * Pulling from a registry: manifests and blobs of one repository (OCI distribution-spec 1.1, and Docker's dialect of
 * it from before). Nothing here believes a registry: sizes are bounded, manifests verified.
 */
import { RegistryError } from '../../errors.ts'
import type { Descriptor } from '../content.ts'
import { largestDocumentBytes } from '../manifest.ts'
import { indexTypes, manifestTypes, schema1Types } from '../media-type.ts'
import { printable } from '../printable.ts'
import { familiarName, type Reference } from '../reference.ts'
import { digestOf, verify } from '../verify.ts'
import { startLogin } from './auth.ts'
import { type Get, readBlob } from './blob.ts'
import { type Credentials, readCredentials } from './credentials.ts'
import { registryUrl } from './endpoint.ts'
import { isUnreachable, NetworkError } from './failure.ts'
import { type Answer, type Deadlines, defaultDeadlines, exchange, readAll } from './http.ts'
import { defaultPatience, type Patience, persist } from './retry.ts'
import { httpFailure } from './status.ts'

export interface RegistryOptions {
  signal?: AbortSignal | undefined
  deadlines?: Deadlines
  patience?: Patience
  credentials?: (domain: string) => Credentials | undefined
}

export interface Registry {
  /**
   * A manifest or index by tag or digest, at most 4 MiB, verified.
   * @throws RegistryError; NetworkError with `unreachable` when no registry answered
   */
  manifest(tagOrDigest: string): Promise<{ descriptor: Descriptor; content: Uint8Array }>
  /**
   * A blob's bytes from `offset` on, resumed after interruptions, exactly `size - offset` of them. The digest is the
   * receiver's to verify: only who holds the first `offset` bytes can.
   */
  blob(descriptor: Descriptor, offset?: number): AsyncIterable<Uint8Array>
}

export function openRegistry(reference: Reference, options: RegistryOptions = {}): Registry {
  const { signal, deadlines = defaultDeadlines, patience = defaultPatience } = options
  const registry = registryUrl(reference.domain)
  const repository = new URL(`${reference.path}/`, registry)
  const credentials = (options.credentials ?? readCredentials)(reference.domain)
  const login = startLogin({ registry, repository: reference.path, credentials, deadlines, signal })

  let hasAnswered = false
  const send = async (url: URL, headers: Record<string, string>, authorization?: string): Promise<Answer> => {
    try {
      const answer = await exchange(url, { headers, signal, deadlines }, authorization)
      hasAnswered = true
      return answer
    } catch (error) {
      // A registry that was there a moment ago is not offline: the same failure is now worth another try.
      if (!hasAnswered || !(error instanceof NetworkError) || !isUnreachable(error)) throw error
      throw new NetworkError(error.message, { cause: error.cause, transient: true })
    }
  }

  const get: Get = async (path, headers, what) => {
    const url = new URL(path, repository)
    for (let mayLogIn = true; ; mayLogIn = false) {
      const authorization = login.header()
      const answer = await send(url, headers, authorization)
      if (answer.status === 200 || answer.status === 206) return answer
      // Only the registry itself may ask for a login: a host it redirected to has no business with it.
      const challenge = answer.url.origin === url.origin ? answer.headers.get('www-authenticate') : null
      if (answer.status === 401 && mayLogIn && challenge !== null) {
        await answer.body.return()
        if (await login.answer(challenge, authorization)) continue
      }
      throw await failure(answer, what, reference, credentials !== undefined)
    }
  }

  return {
    manifest: (tagOrDigest) => persist(() => readManifest(get, tagOrDigest, reference), patience, signal),
    blob: (descriptor, offset = 0) => readBlob(get, descriptor, offset, patience, signal),
  }
}

async function failure(
  answer: Answer,
  what: string,
  reference: Reference,
  hasLogin: boolean,
): Promise<RegistryError> {
  const name = familiarName(reference)
  if (answer.status === 401 || answer.status === 403) {
    await answer.body.return()
    const cure = hasLogin
      ? `your login for ${reference.domain} may not read it`
      : 'it needs a login (docker login)'
    return new RegistryError(`Cannot pull ${name}: it does not exist on ${reference.domain}, or ${cure}`)
  }
  if (answer.status === 404) {
    await answer.body.return()
    return new RegistryError(`Cannot pull ${name}: ${reference.domain} has no ${what} of that name`)
  }
  return httpFailure(answer, `Cannot pull ${what} of ${name} from ${reference.domain}`)
}

const accepted = [...indexTypes, ...manifestTypes]

async function readManifest(
  get: Get,
  tagOrDigest: string,
  reference: Reference,
): Promise<{ descriptor: Descriptor; content: Uint8Array }> {
  const isDigest = tagOrDigest.includes(':')
  const what = isDigest ? `manifest ${tagOrDigest}` : `tag "${tagOrDigest}"`
  const answer = await get(`manifests/${tagOrDigest}`, { accept: accepted.join(', ') }, what)
  const refuse = (fact: string): RegistryError =>
    new RegistryError(`Cannot pull ${what} of ${familiarName(reference)}: ${fact}`)

  const mediaType = answer.headers.get('content-type')?.split(';', 1)[0]?.trim() ?? ''
  if (!accepted.includes(mediaType)) {
    await answer.body.return()
    if (schema1Types.includes(mediaType)) {
      throw refuse(
        'it is in the format of 2014 (schema 1), which proves nothing; push it anew with a current tool',
      )
    }
    const sent = mediaType === '' ? 'something without a type' : `"${printable(mediaType)}"`
    throw refuse(`${answer.url.host} sent ${sent}, not an image manifest; is it a registry?`)
  }
  const content = await readAll(answer, largestDocumentBytes)
  if (content === undefined) throw refuse('it is larger than 4 MiB')

  const digest = isDigest ? tagOrDigest : (answer.headers.get('docker-content-digest') ?? digestOf(content))
  const descriptor = { mediaType, digest, size: content.length }
  const algorithm = digest.split(':', 1)[0] === 'sha512' ? 'sha512' : 'sha256'
  verify(descriptor, 'manifest', { digest: digestOf(content, algorithm), size: content.length })
  return { descriptor, content }
}
