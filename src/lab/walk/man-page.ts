/** Where a step's manual is, as man(1) takes it: `2 mount_setattr`. */
import { manualOf } from '../../linux/errno-meaning.ts'
import type { Step } from '../../plan/step.ts'

const OPERATIONS = {
  spawn: '2 execve',
  hook: '2 execve',
  remove_tree: '2 unlink',
  remove_cgroup: '7 cgroups',
  netlink: '7 netlink',
  linger: '2 clone',
  companion: '2 execve',
  copy_tree: undefined,
} as const

export function manPage(step: Step): string | undefined {
  if (step.is === 'composed') return OPERATIONS[step.operation]
  if (step.is === 'barrier') return '7 unix'
  return step.is === 'call' ? manualOf(step.call)[0]?.replace(/^(.*)\((\d)\)$/, '$2 $1') : undefined
}
