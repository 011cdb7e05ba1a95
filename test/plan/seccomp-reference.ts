/** What an OCI seccomp profile means, read off the profile one rule at a time: slow, and plainly right. */
import { MULTIPLEXED, type SeccompArchitecture, seccompArch } from '../../src/linux/abi/seccomp-arch.ts'
import { syscallNumbers } from '../../src/linux/abi/syscall-numbers/parse.ts'
import type { Seccomp, SeccompArgument } from '../../src/plan/seccomp/rules.ts'

const RETURNS: Record<string, number> = {
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_TRAP: 0x30000,
  SCMP_ACT_ERRNO: 0x50000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_ALLOW: 0x7fff0000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_NOTIFY: 0x7fc00000,
}
const returns = (action: string, errno: number | null | undefined) =>
  RETURNS[action]! + (action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE' ? (errno ?? 1) : 0)

interface Reading {
  readonly largest: number
  readonly rules: ReadonlyMap<number, { returns: number; args: readonly SeccompArgument[] }[]>
}

/** The verdict of a profile on calls; what is read once for each architecture is kept. */
export function reference(seccomp: Seccomp, native: SeccompArchitecture) {
  const readings = new Map<SeccompArchitecture, Reading>()
  return (audit: number, number: number, args: readonly bigint[]): number => {
    const covered = [native, ...((seccomp.architectures ?? []) as SeccompArchitecture[])]
    const architecture = covered.find((name) => {
      if (audit !== seccompArch(name).audit) return false
      return audit !== 0xc000003e || (name === 'SCMP_ARCH_X32') === number >= 0x40000000
    })
    if (!architecture) return 0
    const reading = readings.get(architecture) ?? read(seccomp, architecture)
    readings.set(architecture, reading)
    return verdict(seccomp, architecture, reading, number, args)
  }
}

const defaultOf = (seccomp: Seccomp) => returns(seccomp.defaultAction, seccomp.defaultErrnoRet)

function read(seccomp: Seccomp, architecture: SeccompArchitecture): Reading {
  const table = syscallNumbers(architecture)
  const named = (seccomp.syscalls ?? []).flatMap(({ names }) => names.map((name) => table.get(name) ?? -1))
  const rules = new Map<number, { returns: number; args: readonly SeccompArgument[] }[]>()
  const add = (number: number | undefined, value: number, args: readonly SeccompArgument[]) => {
    if (number !== undefined) rules.set(number, [...(rules.get(number) ?? []), { returns: value, args }])
  }
  for (const { names, action, errnoRet, args } of seccomp.syscalls ?? []) {
    const value = returns(action, errnoRet)
    if (value === defaultOf(seccomp)) continue
    const all = args ?? []
    const repeats = new Set(all.map(({ index }) => index)).size < all.length
    for (const alternative of repeats ? all.map((argument) => [argument]) : [all]) {
      for (const name of names) {
        add(table.get(name), value, alternative)
        if (!seccompArch(architecture).multiplexes) continue
        for (const [carrier, calls] of Object.entries(MULTIPLEXED)) {
          const which = (calls as Record<string, number>)[name]
          if (which === undefined) continue
          const others = alternative.filter(({ index }) => index !== 0)
          add(table.get(carrier), value, [{ index: 0, op: 'SCMP_CMP_EQ', value: which }, ...others])
        }
      }
    }
  }
  return { largest: Math.max(-1, ...named), rules }
}

function verdict(
  seccomp: Seccomp,
  architecture: SeccompArchitecture,
  { largest, rules }: Reading,
  number: number,
  args: readonly bigint[],
): number {
  const { bits, zeroIsUnknown } = seccompArch(architecture)
  const width = (value: bigint) => (bits === 32 ? value & 0xffffffffn : value)
  if (!/ALLOW|LOG|TRACE/.test(seccomp.defaultAction) && largest >= 0) {
    if (number > largest || (zeroIsUnknown && number === 0)) return 0x50000 + 38
  }
  const holds = ({ index, op, value, valueTwo }: SeccompArgument) => {
    const argument = width(args[index]!)
    const operand = width(BigInt(value))
    switch (op) {
      case 'SCMP_CMP_NE':
        return argument !== operand
      case 'SCMP_CMP_LT':
        return argument < operand
      case 'SCMP_CMP_LE':
        return argument <= operand
      case 'SCMP_CMP_EQ':
        return argument === operand
      case 'SCMP_CMP_GE':
        return argument >= operand
      case 'SCMP_CMP_GT':
        return argument > operand
      default:
        return (argument & operand) === (width(BigInt(valueTwo ?? 0)) & operand)
    }
  }
  const asksNothing = ({ op, value }: SeccompArgument) =>
    op === 'SCMP_CMP_MASKED_EQ' && width(BigInt(value)) === 0n
  const found = rules.get(number) ?? []
  const always = found.find((rule) => rule.args.every(asksNothing))
  return (always ?? found.find((rule) => rule.args.every(holds)))?.returns ?? defaultOf(seccomp)
}
