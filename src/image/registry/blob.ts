/** One blob, piece by piece, over as many connections as it takes (RFC 9110, 14.2 Range). */
import { RegistryError } from '../../errors.ts'
import type { Descriptor } from '../content.ts'
import { NetworkError } from './failure.ts'
import type { Answer } from './http.ts'
import { type Patience, waitToRetry } from './retry.ts'

/** GET of a path below the repository, logged in as the registry asks; resolves only on success (200 or 206). */
export type Get = (path: string, headers: Record<string, string>, what: string) => Promise<Answer>

/** A connection that brought this much was a good one: failures are counted anew. */
const progressBytes = 1024 * 1024

/**
 * Yields the bytes of `[offset, descriptor.size)`. An interruption is resumed where it happened; more bytes than
 * promised end it before they are passed on.
 */
export async function* readBlob(
  get: Get,
  descriptor: Descriptor,
  offset: number,
  patience: Patience,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  let position = offset
  let failures = 0
  let lastGood = offset
  while (position < descriptor.size) {
    try {
      for await (const piece of readFrom(get, descriptor, position)) {
        position += piece.length
        yield piece
      }
      if (position < descriptor.size) {
        throw new NetworkError(
          `Cannot pull blob ${descriptor.digest}: only ${position} of ${descriptor.size} bytes arrived`,
          { transient: true },
        )
      }
    } catch (error) {
      if (position - lastGood >= progressBytes) failures = 0
      lastGood = position
      failures += 1
      await waitToRetry(error, failures, patience, signal)
    }
  }
}

/** One connection's worth of bytes, the first of them at `position`. */
async function* readFrom(
  get: Get,
  { digest, size }: Descriptor,
  position: number,
): AsyncIterable<Uint8Array> {
  const headers: Record<string, string> = position > 0 ? { range: `bytes=${position}-` } : {}
  const answer = await get(`blobs/${digest}`, headers, `blob ${digest}`)
  try {
    let at = startOf(answer, position)
    if (at > position)
      throw new RegistryError(`Cannot pull blob ${digest}: the registry sent another part of it`)
    for await (const piece of answer.body) {
      if (at + piece.length > size) {
        throw new RegistryError(
          `Cannot pull blob ${digest}: the registry sends more than the ${size} bytes its manifest promises`,
        )
      }
      // A registry that knows no ranges begins anew: what is there already is passed over.
      const fresh = piece.subarray(Math.max(0, Math.min(position - at, piece.length)))
      at += piece.length
      if (fresh.length > 0) yield fresh
    }
  } finally {
    await answer.body.return()
  }
}

/** Where in the blob the body begins. */
function startOf(answer: Answer, position: number): number {
  if (answer.status === 200) return 0
  const range = /^bytes (\d+)-/.exec(answer.headers.get('content-range') ?? '')
  return range === null ? position : Number(range[1])
}
