/** The flags of seccomp(2) that a profile asks for, and the combinations that cannot work. Linux 5.19 for the last. */
import { ConfigError } from '../../errors.ts'
import type { Seccomp } from './rules.ts'

/** SECCOMP_FILTER_FLAG_*, linux/seccomp.h */
export const SECCOMP_FILTER_FLAG = {
  TSYNC: 1 << 0,
  LOG: 1 << 1,
  SPEC_ALLOW: 1 << 2,
  NEW_LISTENER: 1 << 3,
  TSYNC_ESRCH: 1 << 4,
  WAIT_KILLABLE_RECV: 1 << 5,
} as const

/**
 * As runc: without `flags` SPEC_ALLOW (the kernel's own default since 5.16), with an empty list none. TSYNC adds nothing,
 * the filter is installed by a process of one thread. NEW_LISTENER when a rule notifies.
 * Throws ConfigError, with a JSON pointer into config.json.
 */
export function seccompFlags(seccomp: Seccomp): number {
  const notifies = checkNotify(seccomp)
  if (seccomp.listenerMetadata && !seccomp.listenerPath) {
    fail('/listenerMetadata', 'listenerMetadata is set but listenerPath is not')
  }
  let flags = notifies ? SECCOMP_FILTER_FLAG.NEW_LISTENER : 0
  if (!seccomp.flags) return flags | SECCOMP_FILTER_FLAG.SPEC_ALLOW
  for (const [index, flag] of seccomp.flags.entries()) {
    const at = `/flags/${index}`
    switch (flag) {
      case 'SECCOMP_FILTER_FLAG_TSYNC':
        break
      case 'SECCOMP_FILTER_FLAG_LOG':
        flags |= SECCOMP_FILTER_FLAG.LOG
        break
      case 'SECCOMP_FILTER_FLAG_SPEC_ALLOW':
        flags |= SECCOMP_FILTER_FLAG.SPEC_ALLOW
        break
      case 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV':
        if (!notifies) fail(at, `${flag} needs a rule with SCMP_ACT_NOTIFY`)
        flags |= SECCOMP_FILTER_FLAG.WAIT_KILLABLE_RECV
        break
      default:
        fail(at, `${JSON.stringify(flag)} is not a flag of a seccomp profile`)
    }
  }
  return flags
}

/** Whether a rule notifies. The container itself must still be able to start, and someone must listen. */
function checkNotify(seccomp: Seccomp): boolean {
  if (seccomp.defaultAction === 'SCMP_ACT_NOTIFY') {
    fail(
      '/defaultAction',
      'SCMP_ACT_NOTIFY cannot be the default action: nothing could hand over the listener',
    )
  }
  let notifies = false
  for (const [index, { action, names }] of (seccomp.syscalls ?? []).entries()) {
    if (action !== 'SCMP_ACT_NOTIFY') continue
    notifies = true
    const write = names.indexOf('write')
    if (write >= 0) {
      fail(
        `/syscalls/${index}/names/${write}`,
        'SCMP_ACT_NOTIFY cannot be used for write: the start would wait for itself',
      )
    }
    if (!seccomp.listenerPath) fail(`/syscalls/${index}/action`, 'SCMP_ACT_NOTIFY needs a listenerPath')
  }
  return notifies
}

function fail(at: string, fact: string): never {
  throw new ConfigError(`/linux/seccomp${at}`, `Cannot use the seccomp profile: ${fact}`)
}
