/**
 * Causes of failures at files of /proc: id maps, clocks, kernel parameters, OOM score, AppArmor. Sources:
 * user_namespaces(7), time_namespaces(7), proc(5); kernel/user_namespace.c, map_write(); kernel/time/namespace.c;
 * fs/proc/base.c, __set_oom_adj(); security/apparmor/lsm.c.
 */
import type { Causes } from './cause.ts'

const MAP = /\/[ug]id_map$/
const SYSCTL = /^\/linux\/sysctl\//
const APPARMOR = /^\/process\/apparmorProfile/
const OOM = /oom_score_adj$/
const CLOCKS = /timens_offsets$/
const user = ['user_namespaces(7)'] as const
const restricted = ['/proc/sys/kernel/apparmor_restrict_unprivileged_userns', /^1/] as const

export const KERNEL_FILE_CAUSES: Causes = {
  openat: [
    {
      errno: 'ENOENT',
      when: { words: 'AppArmor', at: APPARMOR },
      means: 'this kernel has no AppArmor, or the container has no /proc',
      do: 'leave the profile out: --security-opt apparmor=unconfined',
      see: ['apparmor(7)'],
    },
    {
      errno: 'ENOENT',
      when: { words: 'a namespace to join', at: /^\/linux\/namespaces\// },
      means: 'there is no namespace at {of}: the process it belonged to has ended',
      do: 'start that container first',
      see: ['namespaces(7)'],
    },
    {
      errno: 'EACCES',
      when: { words: 'a namespace to join', at: /^\/linux\/namespaces\// },
      means: 'that process is not ours to look at',
      do: 'run as root, or as the user who runs it',
      see: ['ptrace(2)'],
    },
    {
      errno: 'EACCES',
      when: { words: 'an id map', of: MAP },
      means: 'the new process is not ours to map',
      do: 'run as root',
      see: user,
    },
  ],
  openat2: [
    {
      errno: 'ENOENT',
      when: { words: 'a kernel parameter', at: SYSCTL },
      means: 'this kernel has no such parameter, or it does not exist inside a namespace',
      do: 'check the spelling; its module may need to be loaded on the host first',
      see: ['sysctl(8)', 'proc(5)'],
    },
    {
      errno: 'EACCES',
      when: { words: 'a kernel parameter', at: SYSCTL },
      means: 'this parameter is read-only here',
      do: 'set it on the host, or leave it out',
      see: ['sysctl(8)'],
    },
    {
      errno: 'EROFS',
      when: { words: 'a kernel parameter', at: SYSCTL },
      means: 'the proc at /proc is mounted read-only',
      do: 'leave out ro in the options of the proc mount: linux.readonlyPaths protects /proc/sys',
    },
  ],
  write: [
    {
      errno: 'EPERM',
      when: { words: 'an id map, and AppArmor restricts user namespaces', of: MAP, host: restricted },
      means: 'AppArmor leaves a user namespace without capabilities, so its map cannot be written',
      do: 'run as root, or sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
      see: user,
    },
    {
      errno: 'EPERM',
      when: { words: 'an id map', of: MAP },
      means:
        'these ids are not ours to map: without privileges only the own id, or what /etc/subuid and /etc/subgid grant',
      do: 'map only ids that exist outside, or run as root',
      see: user,
    },
    {
      errno: 'EINVAL',
      when: { words: 'an id map', of: MAP },
      means: 'the map is malformed: ranges overlap, one has size 0, or there are more than 340',
      do: 'mend linux.uidMappings and linux.gidMappings',
      see: user,
    },
    {
      errno: 'EPERM',
      when: { words: 'setgroups', of: /\/setgroups$/ },
      means: 'the gid map is written already, or setgroups was denied for good',
      see: user,
    },
    {
      errno: 'EACCES',
      when: { words: 'the clocks of a time namespace', of: CLOCKS },
      means: 'a process is in the time namespace already',
      see: ['time_namespaces(7)'],
    },
    {
      errno: 'ERANGE',
      when: { words: 'the clocks of a time namespace', of: CLOCKS },
      means: 'a clock would be negative, or more than 146 years ahead',
      do: 'choose smaller linux.timeOffsets',
      see: ['time_namespaces(7)'],
    },
    {
      errno: 'EPERM',
      when: { words: 'the clocks of a time namespace', of: CLOCKS },
      means: 'only CAP_SYS_TIME over the user namespace moves the clocks',
      do: 'run as root',
      see: ['time_namespaces(7)'],
    },
    {
      errno: 'EINVAL',
      when: { words: 'the clocks of a time namespace', of: CLOCKS },
      means: 'this is no clock or no offset: monotonic and boottime exist, nanoseconds go below 1000000000',
      see: ['time_namespaces(7)'],
    },
    {
      errno: 'EACCES',
      when: { words: 'the OOM score', of: OOM },
      means: 'only CAP_SYS_RESOURCE makes the OOM killer spare a process more than its parent',
      do: 'choose a higher --oom-score-adj, or run as root',
      see: ['proc_pid_oom_score_adj(5)'],
    },
    {
      errno: 'EINVAL',
      when: { words: 'the OOM score', of: OOM },
      means: 'the score goes from -1000 to 1000',
      see: ['proc_pid_oom_score_adj(5)'],
    },
    {
      errno: 'ENOENT',
      when: { words: 'AppArmor', at: APPARMOR },
      means: 'no such profile is loaded',
      do: 'apparmor_parser -r FILE loads it; aa-status lists what is there',
      see: ['apparmor(7)'],
    },
    {
      errno: 'EPERM',
      when: { words: 'AppArmor', at: APPARMOR },
      means: 'no_new_privs forbids a change to this profile',
      see: ['apparmor(7)'],
    },
    {
      errno: 'EACCES',
      when: { words: 'AppArmor', at: APPARMOR },
      means: 'the profile we run under does not permit the change',
      see: ['apparmor(7)'],
    },
    {
      errno: 'EINVAL',
      when: { words: 'AppArmor', at: APPARMOR },
      means: 'AppArmor is not the security module in charge here',
      do: 'leave the profile out: --security-opt apparmor=unconfined',
      see: ['apparmor(7)'],
    },
    {
      errno: 'EINVAL',
      when: { words: 'a kernel parameter', at: SYSCTL },
      means: 'the kernel does not take this value',
      do: 'compare cat {of} on the host, and the range in its documentation',
      see: ['sysctl(8)'],
    },
    {
      errno: 'EPERM',
      when: { words: 'a kernel parameter', at: SYSCTL },
      means: 'this parameter belongs to the root of the host',
      do: 'set it on the host, or leave it out',
      see: ['sysctl(8)'],
    },
    {
      errno: 'EACCES',
      when: { words: 'a kernel parameter', at: SYSCTL },
      means: 'this parameter belongs to the root of the host',
      do: 'set it on the host, or leave it out',
      see: ['sysctl(8)'],
    },
  ],
}
