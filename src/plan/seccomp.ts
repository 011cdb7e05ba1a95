/**
 * `linux.seccomp` as a classic BPF filter: seccomp(2), SECCOMP_SET_MODE_FILTER. Instead of libseccomp's chain of
 * comparisons, a balanced tree over ranges of system call numbers that have the same verdict.
 *
 * What a profile means is what runc makes of it:
 * - The native architecture is always covered; another architecture than those listed is SECCOMP_RET_KILL_THREAD.
 * - A name that no listed architecture knows is ignored: profiles name calls of other machines and newer kernels.
 * - The first rule without conditions for a call decides, wherever it stands; else the first rule that matches (where
 *   libseccomp orders overlapping rules of different actions by argument and value, or refuses them).
 * - Calls newer than any that the profile names return ENOSYS, not the default action: glibc falls back to an older
 *   call on ENOSYS but not on EPERM (runc, libcontainer/seccomp/patchbpf). A default that permits is left alone.
 * - Where socketcall(2) and ipc(2) carry other calls, a rule on `socket` is also one on socketcall with 1 as its first
 *   argument: it replaces the rule's own condition on that argument, and conditions on others see socketcall's own
 *   arguments. That is libseccomp's answer; a filter cannot follow the pointer. Who filters `socket` by argument on
 *   such an architecture should not allow socketcall.
 *
 * Not on the path of a start whose filter is cached: import it when the cache misses. Flags: seccomp/flags.ts.
 */
import { type SeccompArchitecture, seccompArch } from '../linux/abi/seccomp-arch.ts'
import { assembler, BPF, type Label } from './seccomp/bpf.ts'
import { writeRangeTree } from './seccomp/range-tree.ts'
import { RETURN, readArchitectures, readDefaultAction, readRules, type Seccomp } from './seccomp/rules.ts'
import { numberRanges } from './seccomp/verdicts.ts'

/** offsetof(struct seccomp_data, nr) and arch */
const NUMBER = 0
const ARCH = 4

/**
 * `seccomp` as struct sock_filter[], 8 bytes each, little endian. `native` is the machine's own architecture. Throws
 * ConfigError at an action, operator, architecture or value that is none, and when the filter is past 4096 instructions.
 */
export function compileSeccomp(seccomp: Seccomp, native: SeccompArchitecture): Uint8Array {
  const defaultReturns = readDefaultAction(seccomp)
  const bpf = assembler()
  const profile = {
    bpf,
    defaultReturns,
    otherwise: bpf.return(defaultReturns),
    badArch: bpf.return(RETURN.KILL_THREAD),
    rules: readRules(seccomp, defaultReturns),
    shared: new Map<string, Label>(),
  }
  // From the last architecture to the first: the native one is asked for first, and lies nearest.
  const sections = new Map<number, Label>()
  const architectures = readArchitectures(seccomp, native)
  for (const { audit } of architectures.map(seccompArch).reverse()) {
    if (sections.has(audit)) continue
    const ranges = numberRanges(
      profile,
      architectures.filter((other) => seccompArch(other).audit === audit),
    )
    const tree = writeRangeTree(bpf, ranges)
    sections.set(audit, ranges.starts.length > 1 ? bpf.load(NUMBER) : tree)
  }
  let dispatch = profile.badArch
  for (const [audit, section] of sections) dispatch = bpf.branch(BPF.EQUAL, audit, section, dispatch)
  bpf.load(ARCH)
  return bpf.finish()
}
