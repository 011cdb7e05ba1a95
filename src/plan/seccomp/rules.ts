/**
 * OCI `linux.seccomp` (runtime-spec config-linux.md, "Seccomp") read into numbers: what each name's rules return,
 * and on which arguments.
 */

import { ConfigError } from '../../errors.ts'
import { isSeccompArchitecture, type SeccompArchitecture } from '../../linux/abi/seccomp-arch.ts'
import type { SeccompAction } from '../../oci/runtime-spec.ts'

/** The part of the OCI type that is compiled; src/oci's is assignable to it. */
export interface Seccomp {
  readonly defaultAction: string
  readonly defaultErrnoRet?: number | null | undefined
  readonly flags?: readonly string[] | null | undefined
  readonly listenerPath?: string | null | undefined
  readonly listenerMetadata?: string | null | undefined
  readonly architectures?: readonly string[] | null | undefined
  readonly syscalls?: readonly SeccompSyscall[] | null | undefined
}
export interface SeccompSyscall {
  readonly names: readonly string[]
  readonly action: string
  readonly errnoRet?: number | null | undefined
  readonly args?: readonly SeccompArgument[] | null | undefined
}
export interface SeccompArgument {
  readonly index: number
  readonly value: number | bigint
  readonly valueTwo?: number | bigint | null | undefined
  readonly op: string
}

/** SECCOMP_RET_*, linux/seccomp.h */
export const RETURN = {
  KILL_PROCESS: 0x8000_0000,
  KILL_THREAD: 0x0000_0000,
  TRAP: 0x0003_0000,
  ERRNO: 0x0005_0000,
  USER_NOTIF: 0x7fc0_0000,
  TRACE: 0x7ff0_0000,
  LOG: 0x7ffc_0000,
  ALLOW: 0x7fff_0000,
} as const

const ACTIONS: { readonly [Name in SeccompAction]: number } = {
  SCMP_ACT_KILL: RETURN.KILL_THREAD,
  SCMP_ACT_KILL_THREAD: RETURN.KILL_THREAD,
  SCMP_ACT_KILL_PROCESS: RETURN.KILL_PROCESS,
  SCMP_ACT_TRAP: RETURN.TRAP,
  SCMP_ACT_ERRNO: RETURN.ERRNO,
  SCMP_ACT_TRACE: RETURN.TRACE,
  SCMP_ACT_ALLOW: RETURN.ALLOW,
  SCMP_ACT_LOG: RETURN.LOG,
  SCMP_ACT_NOTIFY: RETURN.USER_NOTIF,
}

const EPERM = 1
/** SECCOMP_RET_DATA is 16 bits, but the kernel caps an errno at MAX_ERRNO. */
const MAX_DATA = { [RETURN.ERRNO]: 4095, [RETURN.TRACE]: 0xffff } as { readonly [action: number]: number }

export const SECCOMP_ACTIONS = Object.keys(ACTIONS) as SeccompAction[]

const OPERATORS = ['NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ'] as const
export type Operator = (typeof OPERATORS)[number]
export const SECCOMP_OPERATORS = OPERATORS.map((name) => `SCMP_CMP_${name}` as const)

export interface Condition {
  readonly argument: number
  readonly operator: Operator
  readonly value: bigint
  /** All ones but for MASKED_EQ. */
  readonly mask: bigint
}
export interface Rule {
  /** Place in the profile: of two rules that match, the earlier decides. */
  readonly order: number
  readonly returns: number
  /** All must hold; none means always. */
  readonly conditions: readonly Condition[]
}

const ALL_ONES = 0xffff_ffff_ffff_ffffn
const FIELD = '/linux/seccomp'
function fail(at: string, fact: string): never {
  throw new ConfigError(`${FIELD}${at}`, `Cannot compile the seccomp profile: ${fact}`)
}

/** The SECCOMP_RET_* value of an action and its data. */
export function readAction(
  action: string,
  errnoRet: number | null | undefined,
  at: string,
  errnoAt: string,
): number {
  const returns =
    ACTIONS[action as SeccompAction] ?? fail(at, `${JSON.stringify(action)} is not a seccomp action`)
  const max = MAX_DATA[returns]
  if (max === undefined) {
    if (errnoRet != null) fail(errnoAt, `${action} takes no errno`)
    return returns
  }
  const data = errnoRet ?? EPERM
  if (!Number.isInteger(data) || data < 0 || data > max) fail(errnoAt, `${data} is not from 0 to ${max}`)
  return returns | data
}

export const readDefaultAction = (seccomp: Seccomp): number =>
  readAction(seccomp.defaultAction, seccomp.defaultErrnoRet, '/defaultAction', '/defaultErrnoRet')

/** `native` first, as libseccomp: a filter always covers it. */
export function readArchitectures(seccomp: Seccomp, native: SeccompArchitecture): SeccompArchitecture[] {
  const found = new Set([native])
  const listed = seccomp.architectures ?? []
  for (let index = 0; index < listed.length; index++) {
    const name = listed[index]!
    if (!isSeccompArchitecture(name)) {
      fail(`/architectures/${index}`, `${JSON.stringify(name)} is not a seccomp architecture`)
    }
    found.add(name)
  }
  return [...found]
}

/**
 * Rules by system call name, in the profile's order. A rule that returns what the default does is left out, as in
 * runc and crun: it does not shadow the rules after it. Its names still are in the result: they are known calls.
 * Names of one rule and no other share one list: what is found out about a list need be found out once.
 */
export function readRules(seccomp: Seccomp, defaultReturns: number): Map<string, readonly Rule[]> {
  const rules = new Map<string, readonly Rule[]>()
  for (const [order, { names, action, errnoRet, args }] of (seccomp.syscalls ?? []).entries()) {
    const at = `/syscalls/${order}`
    const returns = readAction(action, errnoRet, `${at}/action`, `${at}/errnoRet`)
    const conditions = (args ?? []).map((argument, index) => readCondition(argument, `${at}/args/${index}`))
    const alternatives = returns === defaultReturns ? [] : readAlternatives(conditions)
    const list = alternatives.map((all) => ({ order, returns, conditions: all }))
    for (const name of names) {
      const earlier = rules.get(name)
      rules.set(name, earlier ? [...earlier, ...list] : list)
    }
  }
  return rules
}

/**
 * Conditions are AND-ed, but when two of them are on one argument, each becomes a rule of its own: profiles from the
 * time before libseccomp could say AND mean OR by that. runc and crun both do this.
 */
function readAlternatives(conditions: readonly Condition[]): (readonly Condition[])[] {
  const isRepeated = new Set(conditions.map(({ argument }) => argument)).size < conditions.length
  return isRepeated ? conditions.map((condition) => [condition]) : [conditions]
}

function readCondition({ index, value, valueTwo, op }: SeccompArgument, at: string): Condition {
  if (!Number.isInteger(index) || index < 0 || index > 5) fail(`${at}/index`, `${index} is not from 0 to 5`)
  const operator =
    OPERATORS.find((name) => op === `SCMP_CMP_${name}`) ??
    fail(`${at}/op`, `${JSON.stringify(op)} is not a comparison`)
  const number = readUint64(value, `${at}/value`)
  return operator === 'MASKED_EQ'
    ? { argument: index, operator, mask: number, value: readUint64(valueTwo ?? 0, `${at}/valueTwo`) & number }
    : { argument: index, operator, mask: ALL_ONES, value: number }
}

/** JSON.parse rounds above 2^53; 2^64 - 1 alone is told from its rounded form, 2^64. */
function readUint64(value: number | bigint, at: string): bigint {
  if (value === 2 ** 64) return ALL_ONES
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    return fail(at, `${value} is not an integer that JavaScript reads exactly; give a bigint`)
  }
  const exact = BigInt(value)
  return exact >= 0n && exact <= ALL_ONES ? exact : fail(at, `${value} is not from 0 to 2^64 - 1`)
}
