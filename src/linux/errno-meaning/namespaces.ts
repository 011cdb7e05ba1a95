/**
 * Causes of failures while namespaces are made, joined and mapped. Sources: clone(2), unshare(2), setns(2),
 * user_namespaces(7), time_namespaces(7); kernel/pid_namespace.c; kernel/cgroup/cgroup.c, cgroup_css_set_fork().
 */
import type { Cause, Causes } from './cause.ts'

const MISSING_NAMESPACES = [
  ['user', 'NEWUSER'],
  ['pid', 'NEWPID'],
  ['net', 'NEWNET'],
  ['uts', 'NEWUTS'],
  ['ipc', 'NEWIPC'],
  ['cgroup', 'NEWCGROUP'],
  ['time', 'NEWTIME'],
] as const

const notInThisKernel: readonly Cause[] = MISSING_NAMESPACES.map(([name, flag]) => ({
  errno: 'EINVAL',
  when: {
    words: `CLONE_${flag}, and the kernel has no /proc/self/ns/${name}`,
    printed: new RegExp(`CLONE_${flag}`),
    missing: `/proc/self/ns/${name}`,
  },
  means: `this kernel has no ${name} namespaces (CONFIG_${name.toUpperCase()}_NS)`,
  do: `leave the ${name === 'net' ? 'network' : name} namespace out, or use a kernel that has it`,
}))

const refusedUserNamespace: readonly Cause[] = [
  {
    errno: 'EPERM',
    when: {
      words: 'CLONE_NEWUSER, and kernel.unprivileged_userns_clone is 0',
      printed: /CLONE_NEWUSER/,
      host: ['/proc/sys/kernel/unprivileged_userns_clone', /^0/],
    },
    means: 'this machine lets only root make user namespaces',
    do: 'run as root, or sysctl -w kernel.unprivileged_userns_clone=1',
    see: ['/proc/sys/kernel/unprivileged_userns_clone'],
  },
  {
    errno: 'EPERM',
    when: {
      words: 'CLONE_NEWUSER, and AppArmor restricts them',
      printed: /CLONE_NEWUSER/,
      host: ['/proc/sys/kernel/apparmor_restrict_unprivileged_userns', /^1/],
    },
    means: 'AppArmor refuses user namespaces to programs without a profile that allows them',
    do: 'run as root, add an AppArmor profile with "userns," for tinyctr, or sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
    see: ['/proc/sys/kernel/apparmor_restrict_unprivileged_userns'],
  },
  {
    errno: 'EPERM',
    when: { words: 'CLONE_NEWUSER', printed: /CLONE_NEWUSER/ },
    means:
      'user namespaces are refused: the caller lives in a chroot, has ids that are not mapped, or a security module forbids it',
    do: 'run as root, or outside the chroot',
    see: ['user_namespaces(7)'],
  },
  {
    errno: 'EPERM',
    means: 'only CAP_SYS_ADMIN makes namespaces without a user namespace',
    do: 'run as root, or give the container a user namespace',
    see: ['namespaces(7)'],
  },
]

const tooMany: readonly Cause[] = [
  {
    errno: 'ENOSPC',
    when: {
      words: 'CLONE_NEWUSER, and user.max_user_namespaces is 0',
      printed: /CLONE_NEWUSER/,
      host: ['/proc/sys/user/max_user_namespaces', /^0$/],
    },
    means: 'user namespaces are turned off on this machine: user.max_user_namespaces is 0',
    do: 'sysctl -w user.max_user_namespaces=15000, or run as root without one',
    see: ['/proc/sys/user/max_user_namespaces'],
  },
  {
    errno: 'ENOSPC',
    means: 'this user has as many namespaces as allowed, or they are nested 32 deep',
    do: 'raise the limit in /proc/sys/user/max_*_namespaces, or end other containers',
    see: ['namespaces(7)', '/proc/sys/user'],
  },
]

const clone: readonly Cause[] = [
  ...notInThisKernel,
  ...refusedUserNamespace,
  ...tooMany,
  {
    errno: 'EAGAIN',
    means:
      'no more processes: the pids.max of a cgroup, RLIMIT_NPROC, kernel.threads-max or kernel.pid_max is reached',
    do: 'raise that limit: look at pids.max of your own cgroup, and at ulimit -u',
    see: ['cgroups(7)', 'getrlimit(2)'],
  },
  {
    errno: 'ENOMEM',
    when: { words: 'after a pid namespace was joined', at: /^\/linux\/namespaces/, printed: /CLONE_PARENT/ },
    means: 'the pid namespace to join has lost its first process: nothing can start in it any more',
    do: 'join the pid namespace of a container that runs',
    see: ['pid_namespaces(7)'],
  },
  {
    errno: 'EINVAL',
    when: { words: 'CLONE_PARENT', printed: /CLONE_PARENT/ },
    means:
      'a new pid namespace must be below the one just joined and owned from there, and PID 1 of a namespace cannot have siblings',
    do: 'join or make the pid namespace, not both; leave --init to the other container',
    see: ['pid_namespaces(7)'],
  },
  {
    errno: 'EINVAL',
    means: 'this kernel lacks one of these namespaces, or does not take these flags together',
    do: 'compare ls /proc/self/ns with the namespaces the config asks for',
  },
  {
    errno: 'EBUSY',
    means:
      'a cgroup with controllers in its cgroup.subtree_control may not hold processes (no internal processes)',
    do: 'set linux.cgroupsPath to a cgroup without children',
    see: ['cgroups(7)'],
  },
  {
    errno: 'EOPNOTSUPP',
    means: 'the cgroup is invalid: it lies below a threaded one',
    do: 'choose another linux.cgroupsPath',
    see: ['cgroups(7)'],
  },
  {
    errno: 'EACCES',
    means:
      'this cgroup is not delegated to us: moving a process needs to write cgroup.procs there and in the common parent',
    do: 'run as root, or in a delegated scope: systemd-run --user --scope -p Delegate=yes tinyctr ...',
    see: ['cgroups(7)'],
  },
  { errno: 'ENODEV', means: 'the cgroup was removed meanwhile', do: 'try again' },
]

export const NAMESPACE_CAUSES: Causes = {
  clone3: clone,
  unshare: [
    ...notInThisKernel,
    ...refusedUserNamespace,
    ...tooMany,
    { errno: 'EINVAL', means: 'this kernel lacks one of these namespaces', do: 'compare ls /proc/self/ns' },
  ],
  setns: [
    {
      errno: 'EINVAL',
      when: { words: 'a user namespace', printed: /CLONE_NEWUSER/ },
      means: 'we are in this user namespace already, or the path is not one',
      do: 'leave the user namespace out, or name another',
    },
    {
      errno: 'EINVAL',
      when: { words: 'a pid namespace', printed: /CLONE_NEWPID/ },
      means: 'the path is not a pid namespace, or not one below our own: no process moves up',
      do: 'check the path of the namespace',
      see: ['pid_namespaces(7)'],
    },
    {
      errno: 'EINVAL',
      means: 'the path is not a namespace of this type',
      do: 'check the path of the namespace: /proc/PID/ns/TYPE, or a bind mount of it',
    },
    {
      errno: 'EPERM',
      means: 'only CAP_SYS_ADMIN over the user namespace that owns it (and over our own) enters a namespace',
      do: 'run as root, or join the user namespace of the same container too',
      see: ['user_namespaces(7)'],
    },
    { errno: 'EUSERS', means: 'a process with several threads cannot enter a time namespace' },
    { errno: 'ENOMEM', means: 'the kernel has no memory left' },
  ],
}
