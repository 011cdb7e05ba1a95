/** How talking to a registry fails: what may be tried again, and what means "no registry there at all". */
import { RegistryError } from '../../errors.ts'

export class NetworkError extends RegistryError {
  /** No registry answered: the caller may go on with what it has offline. */
  readonly unreachable: boolean
  /** The same request may succeed later. */
  readonly transient: boolean
  /** How long the registry asked to be left alone. */
  readonly retryAfterMs: number | undefined

  constructor(
    message: string,
    options: ErrorOptions & {
      unreachable?: boolean
      transient?: boolean
      retryAfterMs?: number | undefined
    } = {},
  ) {
    super(message, options)
    this.unreachable = options.unreachable ?? false
    this.transient = options.transient ?? false
    this.retryAfterMs = options.retryAfterMs
  }
}

export const isUnreachable = (error: unknown): boolean => error instanceof NetworkError && error.unreachable

interface Meaning {
  fact: string
  unreachable?: boolean
  transient?: boolean
}

/**
 * What the codes of Node's and Bun's fetch mean. Name lookups and refused connections are not tried again: a machine
 * without network should learn so at once. A reset is, since registries behind balancers reset under load.
 */
const meanings: Record<string, Meaning> = {
  ENOTFOUND: { fact: 'there is no host of that name', unreachable: true },
  EAI_AGAIN: { fact: 'its name cannot be looked up; is this machine online?', unreachable: true },
  ECONNREFUSED: { fact: 'nothing listens there', unreachable: true },
  ENETUNREACH: { fact: 'there is no route to it; is this machine online?', unreachable: true },
  EHOSTUNREACH: { fact: 'there is no route to it', unreachable: true },
  ETIMEDOUT: { fact: 'it does not answer', unreachable: true },
  UND_ERR_CONNECT_TIMEOUT: { fact: 'it does not answer', unreachable: true },
  ECONNRESET: { fact: 'it closed the connection', unreachable: true, transient: true },
  UND_ERR_SOCKET: { fact: 'it closed the connection', unreachable: true, transient: true },
  EPIPE: { fact: 'it closed the connection', unreachable: true, transient: true },
  EPROTO: { fact: 'it does not speak TLS' },
  ERR_SSL_WRONG_VERSION_NUMBER: { fact: 'it does not speak TLS' },
  ERR_TLS_CERT_ALTNAME_INVALID: { fact: 'its certificate is for another host' },
  CERT_HAS_EXPIRED: { fact: 'its certificate has expired' },
  DEPTH_ZERO_SELF_SIGNED_CERT: { fact: 'its certificate is self-signed; name its CA in NODE_EXTRA_CA_CERTS' },
  SELF_SIGNED_CERT_IN_CHAIN: { fact: 'its CA is not known; name it in NODE_EXTRA_CA_CERTS' },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { fact: 'its CA is not known; name it in NODE_EXTRA_CA_CERTS' },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { fact: 'its CA is not known; name it in NODE_EXTRA_CA_CERTS' },
}

/** Bun puts the code on the error, Node on its cause. */
function codeOf(error: unknown): string | undefined {
  for (let each = error, depth = 0; each instanceof Error && depth < 4; each = each.cause, depth++) {
    if ('code' in each && typeof each.code === 'string') return each.code
  }
  return undefined
}

/** fetch's error as ours. `verb` and `url` say what was being done: `reach`, `read`. */
export function networkError(error: unknown, verb: string, url: URL): NetworkError {
  if (error instanceof NetworkError) return error
  const code = codeOf(error)
  const meaning = code !== undefined && Object.hasOwn(meanings, code) ? meanings[code] : undefined
  const fact = meaning?.fact ?? (error instanceof Error ? error.message : String(error))
  const named = code === undefined ? '' : ` (${code})`
  return new NetworkError(`Cannot ${verb} ${url.host}: ${fact}${named}`, {
    cause: error,
    unreachable: meaning?.unreachable ?? false,
    transient: meaning?.transient ?? false,
  })
}
