/** What a lesson needs of this host, where it can be played, and what to do where it cannot. */
import { findHypervisors } from '../engine/vm/choose.ts'
import { findUml } from '../engine/vm/uml.ts'
import { call } from '../linux/call.ts'
import { fileType, readTextIfAny } from '../linux/file.ts'
import type { Needs } from './lesson.ts'

/** `uml`: in a kernel of its own, because the host's lacks control group controllers. */
export type Place = { readonly at: 'host' | 'uml' } | { readonly at: 'nowhere'; readonly because: string }

export function placeFor(needs: Needs = {}): Place {
  const lacking = needs.kernel?.find(({ path }) => fileType(path) === undefined)
  if (lacking) return nowhere(`needs a kernel with ${lacking.feature}: ${lacking.path} is not there`)
  const missing = missingControllers(needs.controllers ?? [])
  if (missing.length > 0) {
    if (findUml()) return { at: 'uml' }
    return nowhere(
      `needs the ${missing.join(', ')} controller of cgroup v2, or a kernel to boot: apt-get install user-mode-linux`,
    )
  }
  if (needs.machine && findHypervisors().length === 0)
    return nowhere('needs a kernel to boot: apt-get install user-mode-linux')
  if (needs.root && call('geteuid', []) !== 0) return nowhere('needs root: run it with sudo')
  if (needs.cgroup && writableCgroups() === undefined)
    return nowhere('needs cgroup v2 mounted at /sys/fs/cgroup, and root')
  return { at: 'host' }
}

const nowhere = (because: string): Place => ({ at: 'nowhere', because })

/** A cgroup v2 mount in which this process may make groups. */
export function writableCgroups(): string | undefined {
  if (call('geteuid', []) !== 0) return undefined
  return ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((path) => fileType(`${path}/cgroup.controllers`))
}

/** Controllers that are not enabled for new groups here. */
function missingControllers(wanted: readonly string[]): string[] {
  const mount = writableCgroups()
  const enabled = (mount && readTextIfAny(`${mount}/cgroup.subtree_control`)?.trim().split(' ')) || []
  return wanted.filter((one) => !enabled.includes(one))
}
