/**
 * Causes of failed mount calls. Sources: the manual pages of each call; fs/namespace.c: do_move_mount(), __do_loopback()
 * and its successors, count_mounts(), can_idmap_mount(), can_change_locked_flags().
 */
import type { Cause, Causes } from './cause.ts'

const mayNotMount: readonly Cause[] = [
  {
    errno: 'EPERM',
    when: {
      words: 'AppArmor restricts user namespaces',
      host: ['/proc/sys/kernel/apparmor_restrict_unprivileged_userns', /^1/],
    },
    means:
      'only CAP_SYS_ADMIN over this mount namespace mounts; AppArmor takes it from user namespaces of programs without a profile',
    do: 'run as root, or sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
    see: ['user_namespaces(7)'],
  },
  {
    errno: 'EPERM',
    means: 'only CAP_SYS_ADMIN over this mount namespace mounts',
    do: 'run as root, or give the container a user namespace',
    see: ['capabilities(7)', 'mount_namespaces(7)'],
  },
]

const tooManyMounts: Cause = {
  errno: 'ENOSPC',
  means: 'the mount namespace has as many mounts as it may have',
  do: 'raise /proc/sys/fs/mount-max, or mount less',
  see: ['/proc/sys/fs/mount-max'],
}

export const MOUNT_CAUSES: Causes = {
  open_tree: [
    {
      errno: 'ENOENT',
      means: 'there is nothing at {of}',
      do: 'check the source of the mount, or make it first',
    },
    {
      errno: 'EINVAL',
      when: { words: 'without AT_RECURSIVE', printed: /^(?!.*AT_RECURSIVE).*OPEN_TREE_CLONE/ },
      means: 'the source is marked unbindable, or has mounts below it that a user namespace must not uncover',
      do: 'use rbind instead of bind, or take a source without MS_UNBINDABLE',
      see: ['mount_namespaces(7)'],
    },
    {
      errno: 'EINVAL',
      means: 'the source is marked unbindable, or is not mounted in this mount namespace',
      do: 'bind another path, or make the source private first',
      see: ['mount_namespaces(7)'],
    },
    ...mayNotMount,
  ],
  move_mount: [
    {
      errno: 'EINVAL',
      when: { words: 'onto a folder of the root filesystem', at: /^\/root/ },
      means:
        'the target is not in this mount namespace, or the mount must not move: it is locked, or its parent is shared',
      do: 'check that root.path is a directory that is mounted here',
    },
    {
      errno: 'EINVAL',
      means: 'one of source and target is a directory and the other is not',
      do: 'make the target the same kind in the image, or mount a source of the other kind',
    },
    {
      errno: 'ENOENT',
      means: 'the mount point is not there, or was removed meanwhile',
      do: 'make it in the image; a read-only filesystem keeps tinyctr from making it',
    },
    { errno: 'ENOTDIR', means: 'a part of the path to the mount point is not a directory' },
    {
      errno: 'ELOOP',
      means: 'a mount cannot be put below itself, nor a mount namespace be bound inside itself',
      do: 'choose another source or destination',
    },
    { errno: 'EBUSY', means: 'the mount point is in use in a way that forbids a mount on it' },
    tooManyMounts,
    ...mayNotMount,
  ],
  mount_setattr: [
    {
      errno: 'EINVAL',
      when: { words: 'MOUNT_ATTR_IDMAP', printed: /MOUNT_ATTR_IDMAP/ },
      means: 'the filesystem of the source (or one below it) cannot be idmapped in this kernel',
      do: 'leave out idmap, or put the files on ext4, xfs, btrfs or (Linux 6.3) tmpfs',
    },
    {
      errno: 'EPERM',
      when: { words: 'MOUNT_ATTR_IDMAP', printed: /MOUNT_ATTR_IDMAP/ },
      means:
        'only CAP_SYS_ADMIN over the user namespace that mounted the filesystem idmaps it, and only once',
      do: 'run as root, or leave out idmap',
    },
    {
      errno: 'EINVAL',
      when: { words: 'the whole tree, from /', printed: /^mount_setattr\(AT_FDCWD, "\/"/ },
      means: '/ is not a mount point: this process lives in a chroot',
      do: 'start from a root that is a mount of its own (mount --bind ROOT ROOT before chroot)',
    },
    {
      errno: 'EINVAL',
      means: 'this is not the top of a mount, or this kernel does not know one of the attributes',
      do: 'nosymfollow needs Linux 5.14; leave out the option that is newer than this kernel',
    },
    {
      errno: 'EBUSY',
      when: { words: 'MOUNT_ATTR_RDONLY', printed: /MOUNT_ATTR_RDONLY/ },
      means: 'a file on it is open for writing, so it cannot become read-only',
    },
    {
      errno: 'EPERM',
      means:
        'only CAP_SYS_ADMIN changes mounts, and a user namespace may not clear ro, nosuid, nodev, noexec or atime flags it inherited',
      do: 'ask for the same flags as the source has: findmnt -T SOURCE',
      see: ['mount_namespaces(7)'],
    },
  ],
  mount: [
    {
      errno: 'ENODEV',
      means: 'this kernel has no such filesystem',
      do: 'load its module (modprobe overlay)',
      see: ['/proc/filesystems'],
    },
    {
      errno: 'EINVAL',
      when: { words: 'overlay', printed: /"overlay"/ },
      means:
        'overlay refuses these folders: upper and work must lie on one writable filesystem with xattrs, which is not itself an overlay, and apart from each other',
      do: 'keep --data-root on ext4, xfs, btrfs or tmpfs; the kernel log says more: dmesg',
    },
    {
      errno: 'EBUSY',
      when: { words: 'overlay', printed: /"overlay"/ },
      means: 'another overlay uses this upper or work folder',
      do: 'end the other container, or give each its own',
    },
    {
      errno: 'EPERM',
      when: { words: 'overlay', printed: /"overlay"/ },
      means: 'overlay in a user namespace needs Linux 5.11',
      do: 'run as root, or use a newer kernel',
    },
    { errno: 'ENOENT', means: 'a layer, or the mount point, is not there', do: 'pull the image again' },
    { errno: 'ENOTDIR', means: 'one of source and target is a directory and the other is not' },
    tooManyMounts,
    ...mayNotMount,
  ],
  pivot_root: [
    {
      errno: 'EINVAL',
      means:
        'the new root is not a mount, a parent of it is shared, or the machine still runs on its initial ramfs',
      do: 'give the machine a real root (switch_root)',
    },
    { errno: 'EBUSY', means: 'the new root is the current root' },
    { errno: 'ENOTDIR', means: 'the new root is not a directory' },
    ...mayNotMount,
  ],
  umount2: [
    {
      errno: 'EINVAL',
      means: 'this is not a mount point, or it is locked: it came from a more privileged mount namespace',
      see: ['mount_namespaces(7)'],
    },
    { errno: 'EBUSY', means: 'somebody is still using it' },
    ...mayNotMount,
  ],
}
