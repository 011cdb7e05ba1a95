/**
 * Causes of failures while a new filesystem is made: fsopen, fsconfig, fsmount. Sources: fs/fsopen.c; fs/super.c,
 * mount_capable(); fs/namespace.c, mount_too_revealing(); fs/sysfs/mount.c; fs/overlayfs/params.c and super.c.
 */
import type { Causes } from './cause.ts'

const BACKING = 'keep --data-root on ext4, xfs, btrfs or tmpfs; the kernel log says more: dmesg'

export const FILESYSTEM_CAUSES: Causes = {
  fsopen: [
    {
      errno: 'ENODEV',
      means: 'this kernel has no filesystem {of}',
      do: 'load its module (modprobe {of}), or leave the mount out',
      see: ['/proc/filesystems'],
    },
    {
      errno: 'EPERM',
      when: { words: 'sysfs', of: /^sysfs$/ },
      means: 'sysfs shows the network devices: only who owns the network namespace mounts it',
      do: 'give the container its own network namespace, or bind /sys (type bind, options rbind, ro)',
      see: ['network_namespaces(7)'],
    },
    {
      errno: 'EPERM',
      means: 'only CAP_SYS_ADMIN over this mount namespace makes filesystems',
      do: 'run as root, or give the container a user namespace',
      see: ['capabilities(7)'],
    },
  ],
  fsconfig: [
    {
      errno: 'EINVAL',
      when: { words: 'overlay, an option', of: /^overlay$/, printed: /FSCONFIG_SET_/ },
      means: 'overlay does not take this option or this folder',
      do: 'lowerdir+ needs Linux 6.8 and userxattr 5.11; upper and work must be on a writable filesystem',
    },
    {
      errno: 'ENOENT',
      when: { words: 'overlay', of: /^overlay$/ },
      means: 'a folder of the layers is not there',
      do: 'pull the image again',
    },
    {
      errno: 'EINVAL',
      when: { words: 'an option', printed: /FSCONFIG_SET_/ },
      means: '{of} does not know this option, or not this value',
      do: 'check the options of the mount',
      see: ['mount(8)'],
    },
    {
      errno: 'EINVAL',
      when: { words: 'overlay, all options given', of: /^overlay$/, printed: /FSCONFIG_CMD_CREATE/ },
      means:
        'overlay refuses these folders: upper and work must lie on one writable filesystem with xattrs, which is not itself an overlay, and apart from each other',
      do: BACKING,
    },
    {
      errno: 'EBUSY',
      when: { words: 'overlay', of: /^overlay$/ },
      means: 'another overlay uses this upper or work folder',
      do: 'end the other container, or give each its own',
    },
    {
      errno: 'ESTALE',
      when: { words: 'overlay', of: /^overlay$/ },
      means: 'the upper folder was used with other layers before (overlay option index)',
      do: 'start from an empty upper folder',
    },
    {
      errno: 'EPERM',
      when: { words: 'proc', of: /^proc$/, printed: /FSCONFIG_CMD_CREATE/ },
      means: 'only who owns the pid namespace mounts its proc',
      do: 'give the container its own pid namespace, or bind /proc (type bind, options rbind)',
      see: ['pid_namespaces(7)'],
    },
    {
      errno: 'EPERM',
      when: { words: 'mqueue', of: /^mqueue$/, printed: /FSCONFIG_CMD_CREATE/ },
      means: 'only who owns the ipc namespace mounts its mqueue',
      do: 'give the container its own ipc namespace, or bind /dev/mqueue',
      see: ['ipc_namespaces(7)'],
    },
    {
      errno: 'EPERM',
      when: { words: 'cgroup2', of: /^cgroup2$/, printed: /FSCONFIG_CMD_CREATE/ },
      means: 'only who owns the cgroup namespace mounts its cgroup2',
      do: 'give the container its own cgroup namespace, or bind /sys/fs/cgroup',
      see: ['cgroup_namespaces(7)'],
    },
    {
      errno: 'EPERM',
      when: { words: 'any filesystem', printed: /FSCONFIG_CMD_CREATE/ },
      means: '{of} cannot be mounted from a user namespace, or not by this kernel',
      do: 'run as root, or mount it on the host and bind it',
      see: ['user_namespaces(7)'],
    },
    {
      errno: 'EINVAL',
      means: '{of} does not accept its options together, or lacks a source',
      do: 'check the options of the mount',
      see: ['mount(8)'],
    },
    {
      errno: 'EBUSY',
      means: '{of} is mounted already with options that differ',
      do: 'mount it with the same options, or bind the existing mount',
    },
    { errno: 'ENOENT', means: 'a path among the options, or the source, is not there' },
    { errno: 'ENOTBLK', means: '{of} needs a block device as its source' },
    { errno: 'EROFS', means: 'the source can only be mounted read-only', do: 'add the option ro' },
  ],
  fsmount: [
    {
      errno: 'EPERM',
      when: { words: 'proc or sysfs', of: /^(proc|sysfs)$/ },
      means:
        'a new {of} would show what the {of} outside hides: parts of that one are masked or read-only (the kernel logs "Mount too revealing")',
      do: 'keep one {of} without masks outside (docker run --security-opt systempaths=unconfined, podman run --security-opt unmask=ALL), or bind the existing one',
      see: ['mount_namespaces(7)'],
    },
    {
      errno: 'EPERM',
      means: 'only CAP_SYS_ADMIN over this mount namespace mounts',
      do: 'run as root, or give the container a user namespace',
      see: ['capabilities(7)'],
    },
    { errno: 'EINVAL', means: 'this kernel does not know one of the mount attributes' },
    { errno: 'EBUSY', means: 'the filesystem was not made by fsconfig(2) yet' },
  ],
}
