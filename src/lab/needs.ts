/** What a lesson needs of this host, and what to do where it is missing. */
import { call } from '../linux/call.ts'
import { fileType, readTextIfAny } from '../linux/file.ts'
import type { Needs } from './lesson.ts'

/** A cgroup v2 mount in which this process may make groups. */
export function writableCgroups(): string | undefined {
  if (call('geteuid', []) !== 0) return undefined
  return ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((path) => fileType(`${path}/cgroup.controllers`))
}

/** Controllers that are not enabled for new groups here. */
export function missingControllers(wanted: readonly string[]): string[] {
  const mount = writableCgroups()
  const enabled = (mount && readTextIfAny(`${mount}/cgroup.subtree_control`)?.trim().split(' ')) || []
  return wanted.filter((one) => !enabled.includes(one))
}

/**
 * The first thing that is missing, with its cure.
 */
export function unmetNeed(needs: Needs): string | undefined {
  if (needs.root && call('geteuid', []) !== 0) return 'needs root: run it with sudo'
  if (needs.cgroup && writableCgroups() === undefined)
    return 'needs control groups that it may write: cgroup v2 mounted at /sys/fs/cgroup, and root'
  const lacking = needs.kernel?.find(({ path }) => fileType(path) === undefined)
  return lacking && `needs a kernel with ${lacking.feature} (${lacking.path} is not there)`
}
