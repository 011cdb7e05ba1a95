/**
 * Causes of failures at the files of cgroup v2. Sources: cgroups(7); Documentation/admin-guide/cgroup-v2.rst;
 * kernel/cgroup/cgroup.c, cgroup_mkdir() and cgroup_subtree_control_write(); block/blk-cgroup.c, kernel/sched/core.c.
 */
import type { Causes } from './cause.ts'

const CGROUP = /^\/linux\/(resources|cgroupsPath)/
const SUBTREE = /cgroup\.subtree_control$/
const SCOPE = 'run as root, or in a delegated scope: systemd-run --user --scope -p Delegate=yes tinyctr ...'
const see = ['cgroups(7)'] as const

const cgroup = (words: string, of?: RegExp) => ({ words, at: CGROUP, ...(of ? { of } : {}) })

export const CGROUP_CAUSES: Causes = {
  mkdirat: [
    {
      errno: 'EEXIST',
      when: cgroup('a cgroup'),
      means: 'this cgroup is there already, and what runs in it may be somebody else’s',
      do: 'name another linux.cgroupsPath; remove {of} with rmdir only if nothing uses it',
    },
    {
      errno: 'EAGAIN',
      when: cgroup('a cgroup'),
      means: 'the cgroup above may not have more or deeper children',
      do: 'raise cgroup.max.descendants or cgroup.max.depth there',
      see,
    },
    {
      errno: 'EACCES',
      when: cgroup('a cgroup'),
      means: 'the cgroup above is not delegated to us',
      do: SCOPE,
      see,
    },
    {
      errno: 'EROFS',
      when: cgroup('a cgroup'),
      means: 'cgroup v2 is mounted read-only here, as it is inside most containers',
      do: 'mount -o remount,rw /sys/fs/cgroup, or leave linux.cgroupsPath and the limits out',
      see,
    },
    {
      errno: 'EOPNOTSUPP',
      when: cgroup('a cgroup'),
      means: 'the cgroup above is threaded in a way that allows no children',
      see,
    },
  ],
  openat: [
    {
      errno: 'ENOENT',
      when: cgroup('cgroup.subtree_control', SUBTREE),
      means: 'the cgroup above is not there',
      do: 'check linux.cgroupsPath',
      see,
    },
    {
      errno: 'ENOENT',
      when: cgroup('memory.swap.max', /memory\.swap\./),
      means: 'this kernel does not count swap',
      do: 'boot with swapaccount=1, or leave the swap limit out',
      see,
    },
    {
      errno: 'ENOENT',
      when: cgroup('io.weight', /io\.weight$/),
      means: 'no I/O scheduler here has weights (CONFIG_BLK_CGROUP_IOCOST, or bfq)',
      do: 'leave the I/O weight out',
      see,
    },
    {
      errno: 'ENOENT',
      when: cgroup('hugetlb', /hugetlb\./),
      means: 'this machine has no huge pages of this size',
      do: 'compare ls /sys/kernel/mm/hugepages',
      see,
    },
    {
      errno: 'ENOENT',
      when: cgroup('a limit'),
      means: 'this cgroup has no such file: this kernel does not know it, or its controller is not on',
      do: 'leave the limit out, or use a newer kernel (cpu.max.burst needs Linux 5.14, cpu.idle 5.15)',
      see,
    },
    {
      errno: 'EACCES',
      when: cgroup('a cgroup'),
      means: 'this cgroup is not delegated to us',
      do: SCOPE,
      see,
    },
    {
      errno: 'EROFS',
      when: cgroup('a cgroup'),
      means: 'cgroup v2 is mounted read-only here, as it is inside most containers',
      do: 'mount -o remount,rw /sys/fs/cgroup, or leave linux.cgroupsPath and the limits out',
      see,
    },
  ],
  write: [
    {
      errno: 'EBUSY',
      when: cgroup('cgroup.subtree_control', SUBTREE),
      means:
        'processes live in this cgroup: one that hands controllers to its children may hold none itself (no internal processes)',
      do: 'move them into a child first, or set linux.cgroupsPath below a cgroup without processes',
      see,
    },
    {
      errno: 'ENOENT',
      when: cgroup('cgroup.subtree_control', SUBTREE),
      means:
        'a controller is not in the cgroup.controllers of this cgroup: its parent does not hand it down, or this host binds it to cgroup v1',
      do: 'turn it on in the cgroup.subtree_control of each cgroup above',
      see,
    },
    {
      errno: 'EOPNOTSUPP',
      when: cgroup('cgroup.subtree_control', SUBTREE),
      means: 'a threaded cgroup takes only threaded controllers',
      see,
    },
    {
      errno: 'EINVAL',
      when: cgroup('cgroup.subtree_control', SUBTREE),
      means:
        'this kernel does not know a controller, or cpu cannot be had while real-time processes run below',
      see,
    },
    {
      errno: 'ERANGE',
      when: cgroup('a limit'),
      means: 'the value is out of range: weights go from 1 to 10000',
      do: 'choose a value in range',
      see,
    },
    {
      errno: 'EINVAL',
      when: cgroup('cpu.max', /cpu\.max$/),
      means: 'quota must be 1000 or more, and period from 1000 to 1000000 microseconds',
      do: 'choose a longer period or a larger quota',
      see,
    },
    {
      errno: 'EINVAL',
      when: cgroup('cpu.weight or cpu.idle', /cpu\.(weight|idle)$/),
      means: 'an idle group has no weight of its own, and idle is 0 or 1',
      do: 'give cpu.idle or cpu.shares, not both',
      see,
    },
    {
      errno: 'EINVAL',
      when: cgroup('cpuset', /cpuset\./),
      means: 'the list is malformed, or names processors or memory nodes this machine does not have',
      do: 'compare cat /sys/devices/system/cpu/online',
      see: ['cpuset(7)'],
    },
    {
      errno: 'ENODEV',
      when: cgroup('io', /io\.(max|weight|latency)$/),
      means: 'no block device has these numbers, or it is a partition',
      do: 'give major and minor of the whole disk: lsblk',
      see,
    },
    {
      errno: 'EOPNOTSUPP',
      when: cgroup('io', /io\.(max|weight|latency)$/),
      means: 'the device does not support this kind of limit',
      see,
    },
    {
      errno: 'ENODEV',
      when: cgroup('a limit'),
      means: 'the cgroup was removed meanwhile',
      do: 'try again',
      see,
    },
    {
      errno: 'EINVAL',
      when: cgroup('a limit'),
      means: 'the kernel does not take this value for {of}',
      do: 'compare the format in Documentation/admin-guide/cgroup-v2.rst',
      see,
    },
    { errno: 'EBUSY', when: cgroup('a limit'), means: 'the cgroup uses more than this already', see },
    { errno: 'EACCES', when: cgroup('a limit'), means: 'this cgroup is not delegated to us', do: SCOPE, see },
  ],
  remove_cgroup: [
    {
      errno: 'EBUSY',
      means: 'processes in it did not end within a second',
      do: 'look who: cat {of}/cgroup.procs',
      see,
    },
    { errno: 'EACCES', means: 'this cgroup is not delegated to us', do: SCOPE, see },
  ],
}
