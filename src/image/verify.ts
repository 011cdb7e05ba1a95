/** Is this content what was promised? Every byte from a registry or an archive passes here before it is believed. */
import { createHash, type Hash } from 'node:crypto'
import { RegistryError } from '../errors.ts'
import type { Descriptor } from './content.ts'
import { parseDigest } from './digest.ts'

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
