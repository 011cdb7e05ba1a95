/** Where a step's manual is: `man 2 mount_setattr`. */
import type { Step } from '../../plan/step.ts'

/** Calls whose page goes by another name. */
const PAGES: Readonly<Record<string, string>> = {
  clone: '2 clone',
  clone3: '2 clone',
  prlimit64: '2 getrlimit',
  rt_sigaction: '2 sigaction',
  rt_sigprocmask: '2 sigprocmask',
  mkdirat: '2 mkdir',
  mknodat: '2 mknod',
  symlinkat: '2 symlink',
  unlinkat: '2 unlink',
  openat: '2 open',
  fchmodat: '2 chmod',
  fchownat: '2 chown',
}
const OPERATION_PAGES: Readonly<Record<string, string>> = {
  spawn: '2 execve',
  remove_tree: '2 unlink',
  remove_cgroup: '7 cgroups',
}

export function manPage(step: Step): string | undefined {
  if (step.is === 'call') return PAGES[step.call] ?? `2 ${step.call}`
  if (step.is === 'composed') return OPERATION_PAGES[step.operation]
  return step.is === 'barrier' ? '7 unix' : undefined
}
