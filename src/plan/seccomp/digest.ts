/** Under what a compiled filter may be cached. */
import type { SeccompArchitecture } from '../../linux/abi/seccomp-arch.ts'
import type { Seccomp } from './rules.ts'

/** To be raised whenever compileSeccomp makes another program of the same profile. */
const COMPILER = 1

/**
 * Everything a filter depends on, as text, for the caller to hash. The hash must resist collisions: whoever can choose
 * a profile could else have its lax filter found in place of a strict one. SHA-256 by the runtime takes 0.1 to 0.2 ms
 * in a fresh process (bench/seccomp.ts), a plain FNV in JavaScript took 0.4 ms.
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
