/**
 * Reading from a registry and its mirrors: manifests, tags and blobs of one repository (OCI distribution-spec 1.1, and
 * Docker's dialect of it from before). Nothing here believes a registry: sizes are bounded, manifests verified.
 */
import { RegistryError } from '../../errors.ts'
import type { Descriptor } from '../content.ts'
import { printable } from '../printable.ts'
import { familiarName, type Reference } from '../reference.ts'
import { type Get, readBlob } from './blob.ts'
import { endpointsOf } from './endpoint.ts'
import { isUnreachable, NetworkError } from './failure.ts'
import type { Answer } from './http.ts'
import { readManifest } from './read-manifest.ts'
import { persist } from './retry.ts'
import { openSession, type RegistryOptions, type Session } from './session.ts'
import { httpFailure, readErrors } from './status.ts'
import { readTags } from './tags.ts'

export type { RegistryOptions }

export interface Registry {
  /**
   * A manifest or index by tag or digest, at most 4 MiB, verified.
   * @throws RegistryError; NetworkError with `unreachable` when no registry answered
   */
  manifest(tagOrDigest: string): Promise<{ descriptor: Descriptor; content: Uint8Array }>
  /** Every tag of the repository. */
  tags(): Promise<string[]>
  /**
   * A blob's bytes from `offset` on, resumed after interruptions, exactly `size - offset` of them. The digest is the
   * receiver's to verify: only who holds the first `offset` bytes can.
   */
  blob(descriptor: Descriptor, offset?: number): AsyncGenerator<Uint8Array, void, undefined>
}

/** @throws RegistryError when registries.conf blocks the registry */
export function openRegistry(reference: Reference, options: RegistryOptions = {}): Registry {
  const { signal } = options
  const sources = endpointsOf(reference).map((found) => {
    const endpoint = { ...found, insecure: found.insecure || options.insecure === true }
    let session: Promise<Session> | undefined
    return () => {
      session ??= openSession(endpoint, options)
      return session
    }
  })
  /** The one that answered last; those before it have failed. */
  let current = 0

  /** Asks one source after the other until one answers. */
  const ask = async <T>(question: (session: Session, get: Get) => Promise<T>): Promise<T> => {
    const errors: unknown[] = []
    for (; ; current++) {
      try {
        const session = await sources[current]!()
        return await persist(() => question(session, getFrom(session, reference)), session.patience, signal)
      } catch (error) {
        signal?.throwIfAborted()
        errors.push(error)
        if (current === sources.length - 1) throw combined(errors)
      }
    }
  }

  return {
    manifest: (tagOrDigest) => ask((_, get) => readManifest(get, tagOrDigest, reference)),
    tags: () => ask((session, get) => readTags(get, session.endpoint.path)),
    async *blob(descriptor, offset = 0) {
      let position = offset
      for (let source = current; ; source++) {
        const session = await sources[source]!()
        try {
          const get = getFrom(session, reference)
          for await (const piece of readBlob(get, descriptor, position, session.patience, signal)) {
            position += piece.length
            yield piece
          }
          return
        } catch (error) {
          // A mirror may have the manifest and lack a layer.
          if (signal?.aborted || source === sources.length - 1) throw error
        }
      }
    },
  }
}

/** The registry's own error, with what its mirrors said. */
function combined(errors: unknown[]): unknown {
  const last = errors.at(-1)
  if (errors.length === 1 || !(last instanceof Error)) return last
  const message = `${last.message}, nor from its mirrors`
  const cause = new AggregateError(errors.slice(0, -1))
  if (!isUnreachable(last)) return new RegistryError(message, { cause })
  return new NetworkError(message, { cause, unreachable: errors.every(isUnreachable) })
}

const getFrom =
  (session: Session, reference: Reference): Get =>
  async (path, headers, what) => {
    const answer = await session.request(path, { headers })
    if (answer.status === 200 || answer.status === 206) return answer
    throw await failure(answer, what, reference, session)
  }

async function failure(
  answer: Answer,
  what: string,
  reference: Reference,
  session: Session,
): Promise<RegistryError> {
  const name = familiarName(reference)
  const { domain } = session.endpoint
  if (answer.status === 401 || answer.status === 403) {
    await answer.body.return()
    const cure = session.hasCredentials()
      ? `your login for ${domain} may not read it`
      : "it needs a login: pull access denied, may require 'tinyctr login'"
    return new RegistryError(`Cannot pull ${name}: it does not exist on ${domain}, or ${cure}`)
  }
  if (answer.status === 404) {
    const said = printable(await readErrors(answer))
    return new RegistryError(
      `Cannot pull ${name}: ${domain} has no ${what} of that name${said && ` (${said})`}`,
    )
  }
  return httpFailure(answer, `Cannot pull ${what} of ${name} from ${domain}`)
}
