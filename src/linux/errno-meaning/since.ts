/** The first Linux with each of the younger system calls (syscalls(2)). */
import type { SyscallName } from '../abi/syscalls.ts'

export const SINCE: { readonly [Call in SyscallName]?: readonly [major: number, minor: number] } = {
  bpf: [3, 18],
  clone3: [5, 3],
  close_range: [5, 9],
  copy_file_range: [4, 5],
  execveat: [3, 19],
  fsconfig: [5, 2],
  fsmount: [5, 2],
  fsopen: [5, 2],
  memfd_create: [3, 17],
  mount_setattr: [5, 12],
  move_mount: [5, 2],
  open_tree: [5, 2],
  openat2: [5, 6],
  pidfd_getfd: [5, 6],
  pidfd_open: [5, 3],
  pidfd_send_signal: [5, 1],
  renameat2: [3, 15],
  sched_setattr: [3, 14],
  seccomp: [3, 17],
  setns: [3, 0],
  statx: [4, 11],
}
