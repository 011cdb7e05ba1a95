/**
 * Causes of failures at files and directories. Sources: open(2), openat2(2), mkdir(2), mknod(2), symlink(2), chdir(2),
 * chown(2); fs/namei.c, may_create(), which refuses makers without a mapping (EOVERFLOW).
 */
import type { Cause, Causes } from './cause.ts'

const notMapped: Cause = {
  errno: 'EOVERFLOW',
  means: 'our user or group does not exist on this filesystem: it is not mapped there',
  do: 'map the owner of the files in linux.uidMappings and linux.gidMappings',
  see: ['user_namespaces(7)'],
}

const making: readonly Cause[] = [
  {
    errno: 'EACCES',
    means: 'the directory may not be written by us: in a user namespace, because its owner is not mapped',
    do: 'make {of} beforehand, or change the owner of the directory',
  },
  {
    errno: 'ENOSPC',
    means: 'the filesystem is full: no space, or no inodes, is left',
    do: 'look at df and df -i',
  },
  { errno: 'EDQUOT', means: 'the quota of the user is used up', do: 'look at quota(1)' },
  { errno: 'EMLINK', means: 'the directory has as many entries as it may have' },
  { errno: 'EEXIST', means: 'something of this name is there already', do: 'remove {of}' },
  notMapped,
]

const notHere: Cause = {
  errno: 'EPERM',
  means:
    'the directory is immutable, or its filesystem (such as proc or sysfs) lets nobody make anything there',
  do: 'choose another place for {of}',
}

export const FILE_CAUSES: Causes = {
  mkdirat: [...making, notHere],
  symlinkat: [...making, notHere],
  mknodat: [
    {
      errno: 'EPERM',
      when: { words: 'a device', printed: /S_IF(CHR|BLK)/ },
      means:
        'only CAP_MKNOD of the first user namespace makes devices, and a device filter of our own cgroup may forbid them',
      do: 'give the container a user namespace (then devices are bound from the host), or run outside the container',
      see: ['user_namespaces(7)'],
    },
    ...making,
    notHere,
  ],
  openat: [
    {
      errno: 'ENOSPC',
      when: { words: 'a pseudo-terminal', of: /(^|\/)ptmx$/ },
      means: 'there are as many terminals as allowed',
      do: 'raise kernel.pty.max, or the option max of the devpts mount',
      see: ['/proc/sys/kernel/pty'],
    },
    {
      errno: 'EPERM',
      when: { words: 'outside proc and sysfs', of: /^(?!\/proc\/|\/sys\/)/ },
      means:
        'the file is immutable or append-only, or a device that the device filter of our own cgroup forbids',
      do: 'look at lsattr {of}, or run outside the container',
    },
    { errno: 'EISDIR', means: '{of} is a directory' },
    { errno: 'ENXIO', means: '{of} is a socket, a pipe without a reader, or a device that is not there' },
    { errno: 'ENODEV', means: 'the device behind {of} is not there' },
    { errno: 'ETXTBSY', means: 'the program is running, so it cannot be written' },
    ...making,
  ],
  openat2: [
    {
      errno: 'ELOOP',
      when: { words: 'O_NOFOLLOW', printed: /O_NOFOLLOW/ },
      means: '{of} is a symlink, and there it could lead a mount of the kernel astray (CVE-2019-19921)',
      do: 'make it a directory in the image',
    },
    {
      errno: 'ELOOP',
      when: { words: 'RESOLVE_NO_MAGICLINKS', printed: /RESOLVE_NO_MAGICLINKS/ },
      means:
        '{of} leads through a link like /proc/self/fd/N, which could lead out of the container (CVE-2024-21626), or through more than 40 symlinks',
      do: 'name the directory itself',
    },
    {
      errno: 'ELOOP',
      when: { words: 'RESOLVE_NO_SYMLINKS', printed: /RESOLVE_NO_SYMLINKS/ },
      means: 'a symlink stands in the way, and none may be followed here',
    },
    {
      errno: 'ELOOP',
      means:
        '{of} leads through more than 40 symlinks, or in a circle, or through a link like /proc/self/fd/N',
      do: 'mend the symlinks in the image',
    },
    {
      errno: 'EXDEV',
      means: '{of} leads out of where it must stay',
      do: 'mend the symlinks or the .. in it',
    },
    {
      errno: 'EAGAIN',
      means: 'somebody renames directories while {of} is resolved, so ".." could have led out',
      do: 'try again when nobody changes the files',
    },
    {
      errno: 'ENOENT',
      when: { words: 'the working folder', at: /^\/process\/cwd/ },
      means: 'the container has no {of}, and it could not be made',
      do: 'choose another working folder (-w), or make it in the image',
    },
    {
      errno: 'ENOTDIR',
      when: { words: 'the working folder', at: /^\/process\/cwd/ },
      means: '{of} is not a directory',
      do: 'choose another working folder (-w)',
    },
    {
      errno: 'ENOENT',
      when: { words: 'the way to a mount point', at: /^\/mounts\// },
      means:
        '{of} is not in the container and could not be made there, or a symlink on the way leads to nothing',
      do: 'make it in the image',
    },
    { errno: 'EINVAL', means: 'this kernel does not know a flag of openat2' },
    { errno: 'E2BIG', means: 'this kernel does not know a field of openat2' },
    ...making,
  ],
  fchdir: [
    {
      errno: 'EACCES',
      when: { words: 'the working folder', at: /^\/process\/cwd/ },
      means: 'the user of the container may not enter {of}',
      do: 'choose another working folder (-w), another user (-u), or open it: chmod o+x',
    },
    {
      errno: 'EACCES',
      means: 'we may not enter {of}',
      do: 'give it and the folders above it the x permission',
    },
  ],
  fchown: [
    { errno: 'EPERM', means: 'only CAP_CHOWN gives files away', see: ['capabilities(7)'] },
    {
      errno: 'EINVAL',
      means: 'the new owner is not mapped in the user namespace',
      see: ['user_namespaces(7)'],
    },
  ],
  fchownat: [
    { errno: 'EPERM', means: 'only CAP_CHOWN gives files away', see: ['capabilities(7)'] },
    {
      errno: 'EINVAL',
      means: 'the new owner is not mapped in the user namespace',
      see: ['user_namespaces(7)'],
    },
  ],
  write: [
    {
      errno: 'ENOSPC',
      means: 'the filesystem is full: no space is left',
      do: 'look at df',
    },
    { errno: 'EDQUOT', means: 'the quota of the user is used up', do: 'look at quota(1)' },
    { errno: 'EFBIG', means: 'the file would be larger than RLIMIT_FSIZE or the filesystem allows' },
    { errno: 'EPIPE', means: 'nobody reads the other end any more' },
  ],
  copy_tree: [...making, notHere],
  remove_tree: [
    {
      errno: 'EBUSY',
      means: 'something is mounted there, or a process uses it',
      do: 'look at findmnt -R {of}',
    },
    { errno: 'ENOTEMPTY', means: 'somebody makes files there while they are removed' },
    { errno: 'EACCES', means: 'files in it belong to ids that are not ours', do: 'remove {of} as root' },
    { errno: 'EPERM', means: 'a file in it is immutable or append-only', do: 'look at lsattr -R {of}' },
  ],
  spawn: [
    {
      errno: 'ECANCELED',
      when: { words: 'newuidmap, newgidmap', printed: /^spawn\(.*new[ug]idmap/ },
      means: 'the program is not installed, or refused: these ranges are not granted to this user',
      do: 'install the package uidmap, and grant ranges: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER',
      see: ['newuidmap(1)', 'subuid(5)'],
    },
    { errno: 'ECANCELED', means: 'the program is not installed, or it failed: its own message stands above' },
    { errno: 'EAGAIN', means: 'no more processes: a limit is reached', see: ['fork(2)'] },
  ],
}
