/** The name under which a compiled filter is cached. */
import type { SeccompArchitecture } from '../../linux/abi/seccomp-arch.ts'
import type { Seccomp } from './rules.ts'

/** To be raised whenever compileSeccomp makes another program of the same profile. */
const COMPILER = 1

/**
 * Everything the filter depends on, as text. A cache file should hold it beside the program and compare it whole: the
 * digest only finds the file, and must not be what tells a strict profile from a lax one.
 */
export const seccompDigestInput = (seccomp: Seccomp, native: SeccompArchitecture): string =>
  JSON.stringify(
    [
      COMPILER,
      native,
      seccomp.defaultAction,
      seccomp.defaultErrnoRet,
      seccomp.architectures,
      seccomp.syscalls,
    ],
    (_, value) => (typeof value === 'bigint' ? `${value}n` : value),
  )

/** 64 bits of {@link seccompDigestInput} in hex: two FNV-1a lanes. Not against malice, see there. */
export function seccompDigest(input: string): string {
  let a = 0x811c9dc5
  let b = 0x01000193
  for (let index = 0; index < input.length; index++) {
    const code = input.charCodeAt(index)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ (code + index), 0x85ebca6b)
  }
  const hex = (lane: number) => (lane >>> 0).toString(16).padStart(8, '0')
  return hex(a) + hex(b)
}
