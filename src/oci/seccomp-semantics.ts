/** config-linux.md, "Seccomp". */
import { refuse } from './refuse.ts'
import type { Seccomp, SeccompAction, SeccompArg, SeccompSyscall } from './runtime-spec.ts'

/** @param at JSON pointer of the profile */
export function checkSeccomp(seccomp: Seccomp, at: string): void {
  // The filter is loaded by the process it filters: no one else could answer its next system call.
  if (seccomp.defaultAction === 'SCMP_ACT_NOTIFY') {
    refuse(`${at}/defaultAction`, 'an action other than SCMP_ACT_NOTIFY', seccomp.defaultAction)
  }
  checkErrno(seccomp.defaultErrnoRet, seccomp.defaultAction, `${at}/defaultErrnoRet`)
  if (seccomp.listenerMetadata && !seccomp.listenerPath) {
    refuse(`${at}/listenerPath`, 'a path, because there is listenerMetadata', seccomp.listenerPath)
  }
  const rules = seccomp.syscalls ?? []
  for (let index = 0; index < rules.length; index++) checkRule(rules[index]!, seccomp, at, index)
}

function checkRule(rule: SeccompSyscall, seccomp: Seccomp, profileAt: string, index: number): void {
  const at = `${profileAt}/syscalls/${index}`
  checkErrno(rule.errnoRet, rule.action, `${at}/errnoRet`)
  if (rule.action === 'SCMP_ACT_NOTIFY') {
    if (!seccomp.listenerPath) {
      refuse(`${profileAt}/listenerPath`, 'a path, because there is SCMP_ACT_NOTIFY', seccomp.listenerPath)
    }
    // The descriptor that answers is sent with these; waiting for an answer about them is a deadlock.
    const name = rule.names.indexOf('write')
    if (name >= 0) refuse(`${at}/names/${name}`, 'a call other than write with SCMP_ACT_NOTIFY', 'write')
  }
  const args = rule.args ?? []
  for (let number = 0; number < args.length; number++) checkArg(args[number]!, `${at}/args/${number}`)
}

/** "When the action doesn't support an errno, the runtime MUST print an error and fail." */
function checkErrno(errno: number | undefined, action: SeccompAction, at: string): void {
  if (errno === undefined) return
  if (action === 'SCMP_ACT_TRACE') {
    // SECCOMP_RET_DATA: 16 bits for the tracer.
    if (errno > 0xffff) refuse(at, 'an integer from 0 to 65535', errno)
    return
  }
  if (action !== 'SCMP_ACT_ERRNO') refuse(at, `nothing with ${action}`, errno)
  // MAX_ERRNO; the kernel would lower it in silence.
  if (errno > 4095) refuse(at, 'an integer from 0 to 4095', errno)
}

function checkArg({ index, value, valueTwo }: SeccompArg, at: string): void {
  if (index > 5) refuse(`${at}/index`, 'an integer from 0 to 5', index)
  checkExact(value, `${at}/value`)
  if (valueTwo !== undefined) checkExact(valueTwo, `${at}/valueTwo`)
}

/** A filter must never compare with a rounded number; 2^64 is what JSON.parse makes of 2^64-1. */
function checkExact(value: number, at: string): void {
  if (!Number.isSafeInteger(value) && value !== 2 ** 64) {
    refuse(at, 'an integer up to 2^53, or 2^64-1: others cannot be read exactly,', value)
  }
}
