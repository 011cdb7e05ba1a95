/** The kernel: its version, and what it was built with. */
import { fileType, readTextIfAny } from '../../linux/file.ts'
import { readKernelRelease } from '../../linux/host.ts'
import { atLeast, type Examined, type Finding, good, limited, missing } from './finding.ts'

export function examineKernel({ kernel }: Examined): Finding[] {
  const release = readKernelRelease()
  return [
    !atLeast(kernel, 5, 12)
      ? missing('kernel', `${release} lacks mount_setattr(2)`, 'install Linux 5.12 or later')
      : atLeast(kernel, 5, 14)
        ? good('kernel', release)
        : limited(
            'kernel',
            `${release} lacks cgroup.kill: the end of a container takes longer`,
            'install Linux 5.14 or later',
          ),
    seccomp(),
    fileType('/proc/pressure/cpu') === undefined
      ? limited(
          'pressure',
          'the kernel does not measure it: stats --pressure shows --',
          'boot with psi=1, or a kernel with CONFIG_PSI',
        )
      : good('pressure', 'PSI'),
  ]
}

function seccomp(): Finding {
  const actions = readTextIfAny('/proc/sys/kernel/seccomp/actions_avail')
  return actions === undefined
    ? missing(
        'seccomp',
        'the kernel has no filters of system calls',
        'use a kernel with CONFIG_SECCOMP_FILTER, or run with --security-opt seccomp=unconfined',
      )
    : good('seccomp', actions.includes('user_notif') ? 'filters, notification' : 'filters')
}
