/** Control groups: which version, which controllers, and whether they are ours. */
import { O } from '../../linux/abi/arch.ts'
import { AT } from '../../linux/abi/flags.ts'
import { attempt } from '../../linux/call.ts'
import { readTextIfAny } from '../../linux/file.ts'
import { delegatedCgroup } from '../../linux/host.ts'
import { type Examined, type Finding, good, limited, missing } from './finding.ts'

const wanted: readonly [controller: string, limits: string][] = [
  ['cpu', '--cpus and --cpu-shares'],
  ['memory', '--memory'],
  ['pids', '--pids-limit'],
  ['io', '--device-*-bps and --blkio-weight'],
]

export function examineCgroups({ rootless }: Examined): Finding[] {
  const pure = readTextIfAny('/sys/fs/cgroup/cgroup.controllers')
  const hybrid = pure === undefined ? readTextIfAny('/sys/fs/cgroup/unified/cgroup.controllers') : undefined
  const mount = pure === undefined ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup'
  if (pure === undefined && hybrid === undefined) {
    return [
      missing(
        'cgroup v2',
        'it is not mounted',
        'mount -t cgroup2 none /sys/fs/cgroup, or boot with systemd.unified_cgroup_hierarchy=1',
      ),
    ]
  }
  const own = rootless ? `${mount}${delegatedCgroup() || ownPath()}` : mount
  const controllers = (readTextIfAny(`${own}/cgroup.controllers`) ?? '').trim().split(' ')
  const absent = wanted.filter(([name]) => !controllers.includes(name))
  return [
    hybrid === undefined
      ? good('cgroup v2', `at ${mount}`)
      : limited(
          'cgroup v2',
          `at ${mount}, beside cgroup v1, which has the controllers`,
          'boot with cgroup_no_v1=all or systemd.unified_cgroup_hierarchy=1',
        ),
    ...(rootless ? [delegation(own)] : []),
    absent.length === 0
      ? good('limits', wanted.map(([name]) => name).join(', '))
      : limited(
          'limits',
          `no controller for ${absent.map(([name, flags]) => `${name} (${flags})`).join(', ')}`,
          rootless
            ? 'have them delegated: Delegate=cpu cpuset io memory pids in user@.service (systemd)'
            : 'take them from cgroup v1: boot with cgroup_no_v1=all',
        ),
  ]
}

const ownPath = (): string => /^0::(.*)$/m.exec(readTextIfAny('/proc/self/cgroup') ?? '')?.[1] ?? '/'

function delegation(folder: string): Finding {
  const fd = attempt('openat', [AT.FDCWD, `${folder}/cgroup.procs`, O.WRONLY | O.CLOEXEC, 0])
  if (fd < 0) {
    return limited(
      'delegation',
      `${folder} is not ours: containers have no cgroup`,
      'begin with systemd-run --user --scope -p Delegate=yes bash',
    )
  }
  attempt('close', [fd])
  return good('delegation', folder)
}
