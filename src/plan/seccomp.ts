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
import {
  MULTIPLEXED,
  type SeccompArch,
  type SeccompArchitecture,
  seccompArch,
  X32_SYSCALL_BIT,
} from '../linux/abi/seccomp-arch.ts'
import { eachSyscall } from '../linux/abi/syscall-numbers/parse.ts'
import { fitRule, writeRules } from './seccomp/arguments.ts'
import { type Assembler, assembler, BPF, type Label } from './seccomp/bpf.ts'
import { addRange, noRanges, type Ranges, writeRangeTree } from './seccomp/range-tree.ts'
import {
  RETURN,
  type Rule,
  readArchitectures,
  readDefaultAction,
  readRules,
  type Seccomp,
} from './seccomp/rules.ts'

/** offsetof(struct seccomp_data, nr) and arch */
const NUMBER = 0
const ARCH = 4
const ENOSYS = 38
const RETURN_ENOSYS = RETURN.ERRNO | ENOSYS

/** What does not change from one architecture to the next. */
interface Profile {
  readonly rules: ReadonlyMap<string, Rule[]>
  readonly defaultReturns: number
  /** Labels of argument rules, by what they say: calls and architectures share them. */
  readonly shared: Map<string, Label>
}

/**
 * `seccomp` as struct sock_filter[], 8 bytes each, little endian. `native` is the machine's own architecture. Throws
 * ConfigError at an action, operator, architecture or value that is none, and when the filter is past 4096 instructions.
 */
export function compileSeccomp(seccomp: Seccomp, native: SeccompArchitecture): Uint8Array {
  const defaultReturns = readDefaultAction(seccomp)
  const profile: Profile = { rules: readRules(seccomp, defaultReturns), defaultReturns, shared: new Map() }
  const bpf = assembler()
  const badArch = bpf.return(RETURN.KILL_THREAD)

  // From the last architecture to the first: the native one is asked for first, and lies nearest.
  const sections = new Map<number, Label>()
  const architectures = readArchitectures(seccomp, native)
  for (const architecture of architectures.toReversed()) {
    const { audit } = seccompArch(architecture)
    if (sections.has(audit)) continue
    const ranges = noRanges()
    const sameAudit = architectures.filter((other) => seccompArch(other).audit === audit)
    if (audit === seccompArch('SCMP_ARCH_X32').audit) addX86Ranges(bpf, profile, sameAudit, badArch, ranges)
    else addArchRanges(bpf, profile, architecture, 0, ranges)
    const tree = writeRangeTree(bpf, ranges)
    sections.set(audit, ranges.starts.length > 1 ? bpf.load(NUMBER) : tree)
  }
  let dispatch = badArch
  for (const [audit, section] of sections) dispatch = bpf.branch(BPF.EQUAL, audit, section, dispatch)
  bpf.load(ARCH)
  return bpf.finish()
}

/** x86-64 and x32 share an audit architecture; x32 numbers are the upper ones. */
function addX86Ranges(
  bpf: Assembler,
  profile: Profile,
  architectures: readonly SeccompArchitecture[],
  badArch: Label,
  ranges: Ranges,
): void {
  if (architectures.includes('SCMP_ARCH_X86_64')) {
    addArchRanges(bpf, profile, 'SCMP_ARCH_X86_64', 0, ranges)
  } else addRange(ranges, 0, badArch)
  if (architectures.includes('SCMP_ARCH_X32')) {
    addArchRanges(bpf, profile, 'SCMP_ARCH_X32', X32_SYSCALL_BIT, ranges)
  } else addRange(ranges, X32_SYSCALL_BIT, badArch)
}

/** The verdicts of an architecture's system calls, from number `from` up. */
function addArchRanges(
  bpf: Assembler,
  { rules, defaultReturns, shared }: Profile,
  architecture: SeccompArchitecture,
  from: number,
  ranges: Ranges,
): void {
  const arch = seccompArch(architecture)
  const otherwise = bpf.return(defaultReturns)
  const permits = defaultReturns === RETURN.ALLOW || defaultReturns === RETURN.LOG || isTrace(defaultReturns)
  const multiplexed = arch.multiplexes ? multiplexedRules(rules) : undefined

  const labelOf = (list: readonly Rule[]): Label => {
    const fitted = list.some(hasConditions) ? list.map((rule) => fitRule(rule, arch)) : list
    const always = fitted.find((rule) => !hasConditions(rule))
    return always ? bpf.return(always.returns) : shareRules(bpf, arch, fitted, otherwise, shared)
  }
  addRange(ranges, from, otherwise)
  if (arch.zeroIsUnknown && !permits) {
    addRange(ranges, 0, bpf.return(RETURN_ENOSYS))
    addRange(ranges, 1, otherwise)
  }
  let largestKnown = -1
  // A call with two names is visited twice, with one number: its rules are those of both.
  let pending = -1
  let pendingRules: readonly Rule[] = []
  const finishPending = () => {
    if (pendingRules.length === 0) return
    addRange(ranges, pending, labelOf(pendingRules))
    addRange(ranges, pending + 1, otherwise)
  }
  eachSyscall(architecture, (name, number) => {
    const own = rules.get(name)
    if (own) largestKnown = number
    const list = multiplexed?.get(name) ?? own ?? []
    if (number === pending) {
      pendingRules = inOrder([...pendingRules, ...list])
      return
    }
    finishPending()
    pending = number
    pendingRules = list
  })
  finishPending()
  if (permits || largestKnown < 0) return
  addRange(ranges, largestKnown + 1, bpf.return(RETURN_ENOSYS))
}

const hasConditions = ({ conditions }: Rule) => conditions.length > 0
const isTrace = (returns: number) => (returns & 0xffff_0000) === RETURN.TRACE
const inOrder = (rules: Rule[]) => rules.sort((a, b) => a.order - b.order)

/** Argument rules, written once for all calls that have the same. */
function shareRules(
  bpf: Assembler,
  arch: SeccompArch,
  rules: readonly Rule[],
  otherwise: Label,
  shared: Map<string, Label>,
): Label {
  const said = rules.map(({ returns, conditions }) => [
    returns,
    ...conditions.map(({ argument, operator, value, mask }) => `${argument} ${operator} ${value} ${mask}`),
  ])
  const key = `${arch.bits} ${arch.bigEndian} ${said.join()}`
  let label = shared.get(key)
  if (label === undefined) {
    label = writeRules(bpf, arch, rules, otherwise)
    shared.set(key, label)
  }
  return label
}

/** The rules of socketcall and ipc, with those of the calls they carry. */
function multiplexedRules(rules: ReadonlyMap<string, Rule[]>): Map<string, Rule[]> {
  const found = new Map<string, Rule[]>()
  for (const [carrier, calls] of Object.entries(MULTIPLEXED)) {
    const list = [...(rules.get(carrier) ?? [])]
    for (const [name, value] of Object.entries(calls)) {
      for (const rule of rules.get(name) ?? []) {
        const others = rule.conditions.filter(({ argument }) => argument !== 0)
        const which = {
          argument: 0,
          operator: 'EQ',
          value: BigInt(value),
          mask: 0xffff_ffff_ffff_ffffn,
        } as const
        list.push({ ...rule, conditions: [which, ...others] })
      }
    }
    found.set(carrier, inOrder(list))
  }
  return found
}
