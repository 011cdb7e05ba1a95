/**
 * Writing to a registry: blobs and manifests of one repository (distribution-spec 1.1 "Pushing blobs", "Pushing
 * Manifests"). A blob goes up in one stream, as docker sends it; after a broken connection it goes on where the registry
 * says that it stopped.
 */
import { RegistryError } from '../../errors.ts'
import type { Descriptor } from '../content.ts'
import { digestOf } from '../verify.ts'
import type { Answer } from './http.ts'
import { persist, waitToRetry } from './retry.ts'
import type { Session } from './session.ts'
import { httpFailure } from './status.ts'
import { watchedStream } from './watched-stream.ts'

/** What is to be sent, from `offset` on. */
export type Open = (offset: number) => AsyncIterable<Uint8Array>

/** Up to this size a blob is one PUT: a config is not worth a request more. */
const monolithicBytes = 256 * 1024

const binary = { 'content-type': 'application/octet-stream' }

async function refusal(session: Session, answer: Answer, what: string): Promise<RegistryError> {
  const { domain, path } = session.endpoint
  if (answer.status === 401 || answer.status === 403) {
    await answer.body.return()
    const cure = session.hasCredentials()
      ? `your login for ${domain} may not write to it`
      : "try 'tinyctr login'"
    return new RegistryError(
      `Cannot push to ${domain}/${path}: denied: requested access to the resource is denied; ${cure}`,
    )
  }
  return httpFailure(answer, `Cannot push ${what} to ${domain}/${path}`)
}

export async function hasBlob(session: Session, digest: string): Promise<boolean> {
  return persist(
    async () => {
      const answer = await session.request(`blobs/${digest}`, { method: 'HEAD' })
      await answer.body.return()
      if (answer.status === 200) return true
      // Some registries let nobody look who may write.
      if ([404, 401, 403, 405].includes(answer.status)) return false
      throw await refusal(session, answer, `blob ${digest}`)
    },
    session.patience,
    session.signal,
  )
}

/** Where the registry wants the next request of an upload. */
function locationOf(answer: Answer): URL {
  const location = answer.headers.get('location')
  if (location === null || !URL.canParse(location, answer.url.href)) {
    throw new RegistryError(`Cannot push to ${answer.url.host}: it does not say where`)
  }
  return new URL(location, answer.url)
}

/** Begins an upload; with `from` asks for a blob of another repository first. @returns undefined when that was given */
async function begin(session: Session, digest: string, from?: string): Promise<URL | undefined> {
  const query = from === undefined ? '' : `?${new URLSearchParams({ mount: digest, from })}`
  const answer = await session.request(`blobs/uploads/${query}`, {
    method: 'POST',
    headers: { 'content-length': '0' },
  })
  if (answer.status === 201 && from !== undefined) {
    await answer.body.return()
    return undefined
  }
  if (answer.status !== 202) throw await refusal(session, answer, `blob ${digest}`)
  await answer.body.return()
  return locationOf(answer)
}

/** How many bytes of an upload the registry has, and where it goes on; undefined: it knows nothing of it. */
async function standing(session: Session, upload: URL): Promise<{ url: URL; offset: number } | undefined> {
  const answer = await session.request(upload)
  await answer.body.return()
  const last = /^(?:bytes=)?0-(\d+)$/.exec(answer.headers.get('range') ?? '')?.[1]
  // `0-0` is said of nothing and of one byte alike: not worth the question.
  if (answer.status !== 204 || last === undefined || last === '0') return undefined
  return { url: answer.headers.has('location') ? locationOf(answer) : upload, offset: Number(last) + 1 }
}

async function finish(
  session: Session,
  upload: URL,
  digest: string,
  content?: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const url = new URL(upload)
  url.searchParams.set('digest', digest)
  const answer = await session.request(url, {
    method: 'PUT',
    headers: { ...binary, 'content-length': String(content?.length ?? 0) },
    ...(content && { body: () => content }),
  })
  if (answer.status !== 201 && answer.status !== 204) throw await refusal(session, answer, `blob ${digest}`)
  await answer.body.return()
}

async function sendRest(
  session: Session,
  upload: URL,
  { digest, size }: Descriptor,
  offset: number,
  bytes: AsyncIterable<Uint8Array>,
): Promise<URL> {
  const stream = watchedStream(bytes, session.deadlines)
  const range = offset > 0 ? { 'content-range': `${offset}-${size - 1}` } : {}
  try {
    const answer = await session.request(upload, {
      method: 'PATCH',
      headers: { ...binary, ...range, 'content-length': String(size - offset) },
      body: () => stream.body,
      signal: stream.signal,
    })
    if (answer.status !== 202) throw await refusal(session, answer, `blob ${digest}`)
    await answer.body.return()
    return locationOf(answer)
  } finally {
    stream.close()
  }
}

/**
 * Brings a blob to the registry.
 * @param from another repository of the same registry that is known to hold it: then no byte need be sent
 * @returns whether it was mounted from there
 */
export async function uploadBlob(
  session: Session,
  blob: Descriptor,
  open: Open,
  from?: string,
): Promise<'pushed' | 'mounted'> {
  const { patience, signal } = session
  let upload: URL | undefined
  let mount = from
  for (let failures = 1; ; failures++) {
    try {
      const known = upload && (await standing(session, upload))
      const url = known?.url ?? (await begin(session, blob.digest, mount))
      if (url === undefined) return 'mounted'
      mount = undefined
      upload = url
      if (blob.size <= monolithicBytes) {
        await finish(session, url, blob.digest, await gather(open(0), blob.size))
      } else {
        const end = await sendRest(session, url, blob, known?.offset ?? 0, open(known?.offset ?? 0))
        await finish(session, end, blob.digest)
      }
      return 'pushed'
    } catch (error) {
      signal?.throwIfAborted()
      await waitToRetry(error, failures, patience, signal)
    }
  }
}

async function gather(bytes: AsyncIterable<Uint8Array>, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(size)
  let at = 0
  for await (const piece of bytes) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** Puts a manifest or index under a tag or its digest. */
export async function putManifest(
  session: Session,
  tagOrDigest: string,
  { mediaType, digest }: Descriptor,
  content: Uint8Array,
): Promise<void> {
  await persist(
    async () => {
      const answer = await session.request(`manifests/${tagOrDigest}`, {
        method: 'PUT',
        headers: { 'content-type': mediaType },
        body: () => new Uint8Array(content),
      })
      if (answer.status !== 201 && answer.status !== 202) {
        throw await refusal(session, answer, `manifest ${tagOrDigest}`)
      }
      await answer.body.return()
      const got = answer.headers.get('docker-content-digest') ?? digest
      if (got !== digest) {
        throw new RegistryError(
          `Cannot push manifest ${tagOrDigest}: the registry filed ${digestOf(content)} under ${got}`,
        )
      }
    },
    session.patience,
    session.signal,
  )
}
