/** A digest, `algorithm:hex` (image-spec descriptor.md "Digests"): sha256, and sha512 which the spec also registers. */
import { RegistryError } from '../errors.ts'

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
