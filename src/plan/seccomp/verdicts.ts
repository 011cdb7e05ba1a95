/** The verdict on each system call number of an architecture: labels of returns, or of code that looks at arguments. */
import {
  MULTIPLEXED,
  type SeccompArch,
  type SeccompArchitecture,
  seccompArch,
  X32_SYSCALL_BIT,
} from '../../linux/abi/seccomp-arch.ts'
import { eachSyscall } from '../../linux/abi/syscall-numbers/parse.ts'
import { fitRule, writeRules } from './arguments.ts'
import type { Assembler, Label } from './bpf.ts'
import { addRange, noRanges, type Ranges } from './range-tree.ts'
import { RETURN, type Rule } from './rules.ts'

const ENOSYS = 38
const RETURN_ENOSYS = RETURN.ERRNO | ENOSYS
const ALL_ONES = 0xffff_ffff_ffff_ffffn

/** What does not change from one architecture to the next. */
export interface Profile {
  readonly bpf: Assembler
  readonly rules: ReadonlyMap<string, readonly Rule[]>
  readonly defaultReturns: number
  readonly otherwise: Label
  readonly badArch: Label
  /** Labels of argument rules, by what they say: calls and architectures share them. */
  readonly shared: Map<string, Label>
}

/** The verdicts on all 2^32 numbers; x86-64 and x32 share them, as they share an audit architecture. */
export function numberRanges(profile: Profile, sameAudit: readonly SeccompArchitecture[]): Ranges {
  const ranges = noRanges()
  if (!sameAudit.includes('SCMP_ARCH_X86_64') && !sameAudit.includes('SCMP_ARCH_X32')) {
    for (const architecture of sameAudit) addCalls(profile, architecture, 0, ranges)
    return ranges
  }
  if (sameAudit.includes('SCMP_ARCH_X86_64')) addCalls(profile, 'SCMP_ARCH_X86_64', 0, ranges)
  else addRange(ranges, 0, profile.badArch)
  if (sameAudit.includes('SCMP_ARCH_X32')) addCalls(profile, 'SCMP_ARCH_X32', X32_SYSCALL_BIT, ranges)
  else addRange(ranges, X32_SYSCALL_BIT, profile.badArch)
  return ranges
}

/** The verdicts on the calls of one architecture, whose numbers begin at `from`. */
function addCalls(profile: Profile, architecture: SeccompArchitecture, from: number, ranges: Ranges): void {
  const { bpf, rules, otherwise } = profile
  const arch = seccompArch(architecture)
  const isStrict = !permits(profile.defaultReturns)
  addRange(ranges, from, otherwise)
  if (arch.zeroIsUnknown && isStrict) {
    addRange(ranges, 0, bpf.return(RETURN_ENOSYS))
    addRange(ranges, 1, otherwise)
  }
  const labels = new Map<readonly Rule[], Label>()
  const labelOf = (list: readonly Rule[]): Label => {
    let label = labels.get(list)
    if (label === undefined) {
      label = writeVerdict(profile, arch, list)
      labels.set(list, label)
    }
    return label
  }
  let largestKnown = -1
  // A call with two names is visited twice, with one number: its rules are those of both.
  let pending = from - 1
  let pendingRules: readonly Rule[] = []
  let current = otherwise
  const finishPending = () => {
    const label = pendingRules.length > 0 ? labelOf(pendingRules) : otherwise
    if (label === current) return
    addRange(ranges, pending, label)
    current = label
  }
  eachSyscall(architecture, (name, number) => {
    const own = rules.get(name)
    if (own) largestKnown = number
    const list = (arch.multiplexes && carriedRules(rules, name)) || own || []
    if (number === pending) {
      pendingRules = inOrder([...pendingRules, ...list])
      return
    }
    finishPending()
    if (number !== pending + 1 && current !== otherwise) {
      addRange(ranges, pending + 1, otherwise)
      current = otherwise
    }
    pending = number
    pendingRules = list
  })
  finishPending()
  addRange(ranges, pending + 1, otherwise)
  if (isStrict && largestKnown >= 0) addRange(ranges, largestKnown + 1, bpf.return(RETURN_ENOSYS))
}

const permits = (returns: number) =>
  returns === RETURN.ALLOW || returns === RETURN.LOG || (returns & 0xffff_0000) === RETURN.TRACE

const isUnconditional = ({ conditions }: Rule) => conditions.length === 0

/** The code that gives the verdict of `list`. Equal ones are written once. */
function writeVerdict({ bpf, otherwise, shared }: Profile, arch: SeccompArch, list: readonly Rule[]): Label {
  const rules = list.map((rule) => fitRule(rule, arch))
  const always = rules.find(isUnconditional)
  if (always) return bpf.return(always.returns)
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

/** The rules of socketcall or ipc with those of the calls it carries; undefined for any other call. */
function carriedRules(rules: Profile['rules'], name: string): readonly Rule[] | undefined {
  if (name !== 'socketcall' && name !== 'ipc') return undefined
  const own = rules.get(name) ?? []
  if (own.some(isUnconditional)) return own
  const list = [...own]
  for (const [carried, value] of Object.entries(MULTIPLEXED[name])) {
    for (const rule of rules.get(carried) ?? []) {
      const others = rule.conditions.filter(({ argument }) => argument !== 0)
      const which = { argument: 0, operator: 'EQ', value: BigInt(value), mask: ALL_ONES } as const
      list.push({ ...rule, conditions: [which, ...others] })
    }
  }
  return inOrder(list)
}

const inOrder = (rules: Rule[]) => rules.sort((a, b) => a.order - b.order)
