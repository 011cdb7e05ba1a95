/**
 * Causes of failures while a process becomes whom the container wants: user, groups, limits, capabilities, filters.
 * Sources: setresuid(2), setgroups(2), prlimit(2), capset(2), prctl(2), seccomp(2), bpf(2), sethostname(2).
 */
import type { Cause, Causes } from './cause.ts'

const unmapped = (what: string): readonly Cause[] => [
  {
    errno: 'EINVAL',
    means: `this ${what} is not mapped in the user namespace`,
    do: `map it in linux.${what === 'user' ? 'uid' : 'gid'}Mappings, or choose one that is; without privileges only what /etc/sub${what === 'user' ? 'uid' : 'gid'} grants can be mapped`,
    see: ['user_namespaces(7)'],
  },
  {
    errno: 'EPERM',
    means: `only CAP_SET${what === 'user' ? 'UID' : 'GID'} becomes another ${what}`,
    do: 'run as root, or give the container a user namespace',
    see: ['capabilities(7)'],
  },
]

const name: readonly Cause[] = [
  {
    errno: 'EPERM',
    means: 'only CAP_SYS_ADMIN over the user namespace that owns the uts namespace changes this name',
    do: 'give the container its own uts namespace, or leave the name out',
    see: ['uts_namespaces(7)'],
  },
  { errno: 'EINVAL', means: 'the name is longer than 64 bytes', do: 'choose a shorter name' },
]

export const IDENTITY_CAUSES: Causes = {
  keyctl: [
    {
      errno: 'EDQUOT',
      means:
        'the user has as many keys as /proc/sys/kernel/keys/maxkeys lets it have, and a session keyring is one',
      do: 'raise it, or end some of the user’s containers',
      see: ['keyrings(7)'],
    },
  ],
  setresuid: [
    ...unmapped('user'),
    { errno: 'EAGAIN', means: 'the user has as many processes as RLIMIT_NPROC lets it have' },
  ],
  setresgid: unmapped('group'),
  setgroups: [
    {
      errno: 'EPERM',
      when: { words: 'the user namespace denies it', host: ['/proc/self/setgroups', /^deny/] },
      means:
        'this user namespace denies setgroups for good, because its gid map was written without privileges',
      do: 'run as root, or let newgidmap(1) write the map: it needs a range in /etc/subgid',
      see: ['user_namespaces(7)'],
    },
    {
      errno: 'EPERM',
      means:
        'only CAP_SETGID sets groups, and never where /proc/self/setgroups says deny: after a gid map written without privileges',
      do: 'run as root, or let newgidmap(1) write the map: it needs a range in /etc/subgid',
      see: ['user_namespaces(7)'],
    },
    {
      errno: 'EINVAL',
      means: 'a group is not mapped in the user namespace, or there are more than 65536',
      do: 'leave that group out, or map it in linux.gidMappings',
      see: ['user_namespaces(7)'],
    },
  ],
  prlimit64: [
    {
      errno: 'EPERM',
      when: { words: 'RLIMIT_NOFILE', printed: /RLIMIT_NOFILE/ },
      means:
        'the hard limit is above our own, which only CAP_SYS_RESOURCE raises, or above fs.nr_open, which nobody passes',
      do: 'ask for less (ulimit -Hn shows our own), or run as root',
      see: ['/proc/sys/fs/nr_open'],
    },
    {
      errno: 'EPERM',
      means: 'the hard limit is above our own, which only CAP_SYS_RESOURCE raises',
      do: 'ask for less (ulimit -Ha shows our own), or run as root',
      see: ['capabilities(7)'],
    },
    { errno: 'EINVAL', means: 'the soft limit is above the hard one', do: 'make soft at most hard' },
  ],
  capset: [
    {
      errno: 'EPERM',
      means:
        'a capability is asked for that we do not hold ourselves, or that is effective without being permitted',
      do: 'run as root, or drop it: getpcaps $$ shows our own',
      see: ['capabilities(7)'],
    },
    { errno: 'EINVAL', means: 'this kernel does not know version 3 of capability sets' },
  ],
  prctl: [
    {
      errno: 'EPERM',
      when: { words: 'PR_CAPBSET_DROP', printed: /PR_CAPBSET_DROP/ },
      means: 'only CAP_SETPCAP narrows the bounding set',
      do: 'run as root, or give the container a user namespace',
      see: ['capabilities(7)'],
    },
    {
      errno: 'EPERM',
      when: { words: 'PR_CAP_AMBIENT', printed: /PR_CAP_AMBIENT/ },
      means:
        'an ambient capability must be permitted and inheritable, and SECBIT_NO_CAP_AMBIENT_RAISE must be off',
      do: 'list it under permitted and inheritable too',
      see: ['capabilities(7)'],
    },
    {
      errno: 'EPERM',
      when: { words: 'PR_SET_KEEPCAPS', printed: /PR_SET_KEEPCAPS/ },
      means: 'the caller locked SECBIT_KEEP_CAPS for itself and its children',
      do: 'start tinyctr from a process without locked securebits',
      see: ['capabilities(7)'],
    },
    { errno: 'EINVAL', means: 'this kernel does not know the option or its value' },
  ],
  seccomp: [
    {
      errno: 'EACCES',
      means: 'a filter needs no_new_privs or CAP_SYS_ADMIN',
      do: 'set process.noNewPrivileges, or keep CAP_SYS_ADMIN until here',
    },
    {
      errno: 'EINVAL',
      means:
        'the kernel has no seccomp filters (CONFIG_SECCOMP_FILTER), does not know a flag, or finds the filter malformed',
      do: 'leave out linux.seccomp.flags, or run with --security-opt seccomp=unconfined',
      see: ['/proc/sys/kernel/seccomp/actions_avail'],
    },
    {
      errno: 'ENOMEM',
      means:
        'all filters of the process together have more than 32768 instructions: too many containers in containers',
      do: 'run with --security-opt seccomp=unconfined inside a filtered container',
    },
    { errno: 'EBUSY', means: 'a filter with a listener is there already' },
  ],
  bpf: [
    {
      errno: 'EPERM',
      when: { words: 'attach', printed: /attach_type/ },
      means: 'a cgroup above allows no second device filter, or only CAP_NET_ADMIN and CAP_BPF attach one',
      do: 'run as root, or choose another linux.cgroupsPath',
      see: ['capabilities(7)'],
    },
    {
      errno: 'EPERM',
      means: 'only CAP_BPF or CAP_SYS_ADMIN of the host loads a device filter',
      do: 'run as root on the host, or leave linux.resources.devices out: without CAP_MKNOD there is no new device',
      see: ['capabilities(7)', '/proc/sys/kernel/unprivileged_bpf_disabled'],
    },
    {
      errno: 'EINVAL',
      means: 'this kernel has no device filters for cgroups (CONFIG_CGROUP_BPF)',
      do: 'leave linux.resources.devices out',
    },
    { errno: 'EACCES', means: 'the verifier of the kernel refuses the device filter: a fault in tinyctr' },
    {
      errno: 'EBADF',
      means: 'the cgroup or the device filter is not open: the step that opens it was left out',
      do: 'do not leave that step out',
    },
    {
      errno: 'E2BIG',
      means: 'the filter is too long, or the cgroup has 64 of them already',
      do: 'merge rules in linux.resources.devices',
    },
  ],
  sethostname: name,
  setdomainname: name,
}
