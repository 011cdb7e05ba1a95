/** Whether this is a host with pure cgroup v2 that tests may use as they like: the VM. */
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'

/** The reason to skip, elsewhere. For `test(name, { skip })`. */
export const notInVm: string | false =
  hostname() === 'tinyctr-vm' && existsSync('/sys/fs/cgroup/cgroup.controllers')
    ? false
    : 'needs the VM: npm run test:vm'
