/** A digest, `algorithm:hex` (image-spec descriptor.md "Digests"): sha256, and sha512 which the spec also registers. */
import { createHash, type Hash } from 'node:crypto'
import { RegistryError } from '../errors.ts'
import type { Descriptor } from './content.ts'

const hexDigits: Record<string, number> = { sha256: 64, sha512: 128 }

/** Both halves of a digest. @throws RegistryError when it is not a registered algorithm with its number of digits. */
export function parseDigest(digest: string): { algorithm: string; hex: string } {
  const [algorithm = '', hex = '', ...rest] = digest.split(':')
  const digits = Object.hasOwn(hexDigits, algorithm) ? hexDigits[algorithm] : undefined
  if (rest.length > 0 || digits === undefined || hex.length !== digits || !/^[a-f0-9]+$/.test(hex)) {
    throw new RegistryError(
      `Cannot use the digest ${digest}: expected sha256: and 64 or sha512: and 128 hex digits`,
    )
  }
  return { algorithm, hex }
}

/** A running hash for content that should turn out to be `digest`. */
export function startHash(digest: string): Hash {
  return createHash(parseDigest(digest).algorithm)
}

export function digestOf(content: Uint8Array, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`
}

/** @throws RegistryError when what arrived is not what was promised: `what` is the blob in words. */
export function verify(expected: Descriptor, what: string, got: { digest: string; size: number }): void {
  if (got.size !== expected.size) {
    throw new RegistryError(
      `Cannot use ${what} ${expected.digest}: it has ${got.size} bytes where ${expected.size} were promised`,
    )
  }
  if (got.digest !== expected.digest) {
    throw new RegistryError(
      `Cannot use ${what} ${expected.digest}: the ${got.size} bytes that arrived have the digest ${got.digest}; ` +
        'the registry, a proxy or the network altered them. Pull again; if it persists, push the image anew',
    )
  }
}
