/** An ordinary user's way to be root somewhere: a user namespace in which root is that user (user_namespaces(7)). */
import { CLONE } from '../../linux/abi/flags.ts'
import type { Subject } from './subject.ts'

export function becomeRootInside(subject: Subject): void {
  const [uid = '0', gid = '0'] = idsOf(subject)
  subject.call('unshare', [CLONE.NEWUSER])
  subject.write('/proc/self/setgroups', 'deny')
  subject.write('/proc/self/uid_map', `0 ${uid} 1`)
  subject.write('/proc/self/gid_map', `0 ${gid} 1`)
}

/** Effective user and group, as /proc/PID/status tells them to whoever reads it. */
export function idsOf(onlooker: Subject, pid: number | 'self' = 'self'): string[] {
  const status = onlooker.read(`/proc/${pid}/status`)
  return ['Uid', 'Gid'].map((key) => new RegExp(`^${key}:\\t\\d+\\t(\\d+)`, 'm').exec(status)?.[1] ?? '?')
}
