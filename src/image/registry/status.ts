/** What an HTTP status from a registry means, with what the registry says itself (distribution-spec "Error Codes"). */

import { printable } from '../printable.ts'
import { NetworkError } from './failure.ts'
import { type Answer, readAll } from './http.ts'
import { parseRetryAfter } from './retry.ts'

/** Worth another try: overload, a gateway that lost its server, a request that took too long. */
const isTransient = (status: number): boolean => status === 408 || status === 429 || status >= 500

/** Reads the rest of an answer that is no success. `message` is the beginning of what to tell. */
export async function httpFailure(answer: Answer, message: string): Promise<NetworkError> {
  const { status, headers } = answer
  const said = await readErrors(answer)
  const retryAfterMs = parseRetryAfter(headers.get('retry-after'), Date.now())
  const wait = retryAfterMs === undefined ? '' : `; it asks to wait ${Math.ceil(retryAfterMs / 1000)} s`
  const facts: Record<number, string> = {
    429: `too many requests${wait}; a login may raise the limit`,
    416: 'the registry cannot send the rest of it',
  }
  const fact = facts[status] ?? `HTTP ${status}${wait}`
  return new NetworkError(`${message}: ${fact}${said && ` (${said})`}`, {
    transient: isTransient(status),
    retryAfterMs,
  })
}

/** `{"errors":[{"code":"DENIED","message":"..."}]}` as one line. */
export async function readErrors(answer: Answer): Promise<string> {
  try {
    const body = await readAll(answer, 64 * 1024)
    const { errors } = JSON.parse(body?.toString() ?? '') as {
      errors?: { code?: string; message?: string }[]
    }
    return printable((errors ?? []).map(({ code, message }) => message ?? code ?? '').join('; '))
  } catch {
    // The status says enough; a broken error page is not a second error.
    return ''
  }
}
