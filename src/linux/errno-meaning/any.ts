/** What an errno means whatever the call is, and what it means of any path: errno(3), path_resolution(7). */
import type { Cause } from './cause.ts'

/** For calls that look up a path. */
export const PATH_CAUSES: readonly Cause[] = [
  { errno: 'ENOENT', means: '{of} is not there, or a part of the path, or what a symlink on it leads to' },
  { errno: 'ENOTDIR', means: 'a part of the path to {of} is not a directory' },
  {
    errno: 'EACCES',
    means: 'we may not reach {of}: it, or a folder above it, does not permit it',
    do: 'look at namei -l {of}',
  },
  { errno: 'ELOOP', means: 'the path leads through more than 40 symlinks, or one where none may be' },
  { errno: 'ENAMETOOLONG', means: 'a name is longer than 255 bytes, or the path longer than 4095' },
  { errno: 'EROFS', means: 'the filesystem is read-only', do: 'mount it rw, or make {of} beforehand' },
]

export const ANY_CAUSES: readonly Cause[] = [
  {
    errno: 'EMFILE',
    means: 'this process has as many open files as it may have',
    do: 'raise ulimit -n',
    see: ['getrlimit(2)'],
  },
  {
    errno: 'ENFILE',
    means: 'the whole machine has as many open files as it may have',
    do: 'raise /proc/sys/fs/file-max',
    see: ['/proc/sys/fs/file-max'],
  },
  {
    errno: 'ENOMEM',
    means: 'the kernel has no memory left, or our own cgroup has not',
    do: 'look at free -m, and at memory.max of our cgroup',
  },
  { errno: 'EIO', means: 'a device failed', do: 'look at dmesg' },
  { errno: 'EINTR', means: 'a signal came in between', do: 'try again' },
  { errno: 'EUCLEAN', means: 'the filesystem is damaged', do: 'check it with fsck' },
  { errno: 'ESTALE', means: 'the file was removed on its server, or below an overlay', do: 'mount it again' },
  { errno: 'EFAULT', means: 'we passed a wrong address: a fault in tinyctr' },
]
