/**
 * Compiled seccomp filters, kept by the digest of what they were compiled from. Compiling Docker's profile costs more
 * than all other JavaScript of a start together; reading 2 kB back costs nothing.
 *
 * SHA-256, not something faster: a profile that collides would put its filter in place of another's.
 */

import type { Architecture } from '../linux/abi/arch.ts'
import { E } from '../linux/abi/errno.ts'
import { makeFolder, readFile, writeFileAtomically } from '../linux/file.ts'
import { KernelError } from '../linux/kernel-error.ts'
import type { Seccomp } from '../oci/runtime-spec.ts'
import { seccompDigestInput } from '../plan/seccomp/digest.ts'
import { sha256 } from './sha256.ts'

const NATIVE = { x64: 'SCMP_ARCH_X86_64', arm64: 'SCMP_ARCH_AARCH64' } as const

const read = (path: string): Uint8Array | undefined => {
  try {
    const bytes = readFile(path)
    return bytes.length > 0 && bytes.length % 8 === 0 ? bytes : undefined
  } catch (error) {
    if (error instanceof KernelError && error.errno === E.NOENT) return undefined
    throw error
  }
}

/** The filter of `seccomp`, from the cache below `root` or compiled now. */
export async function cachedFilter(
  root: string,
  seccomp: Seccomp,
  architecture: Architecture,
): Promise<Uint8Array> {
  const native = NATIVE[architecture]
  const path = `${root}/seccomp/${await sha256(seccompDigestInput(seccomp, native))}`
  const known = read(path)
  if (known) return known
  const { compileSeccomp } = await import('../plan/seccomp.ts')
  const filter = compileSeccomp(seccomp, native)
  // A cache that cannot be written is slower, not wrong.
  try {
    makeFolder(`${root}/seccomp`)
    writeFileAtomically(path, filter)
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
  }
  return filter
}
