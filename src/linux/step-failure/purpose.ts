/** What a step was to do, as the words after `Cannot`. */

import type { Operation, Step } from '../../plan/step.ts'
import type { SyscallName } from '../abi/syscalls.ts'

/** A `why` that starts with one of these says it itself: "attach it at /data". */
const VERBS = new Set(
  'attach become change copy enter find give hide hold lay leave let make move open run set stand take unlock'.split(
    ' ',
  ),
)

/** `{of}`: what the call works on; `{why}`: the reason in the plan. */
const PURPOSES: Readonly<Partial<Record<SyscallName | Operation, string>>> = {
  bpf: 'set the device filter of the cgroup',
  capset: 'set the capabilities',
  chdir: 'go to {of}',
  clone3: 'start the container',
  close_range: 'close the files of the host',
  connect: 'connect to {of}',
  copy_tree: 'copy {of}',
  dup3: 'make the terminal stdin, stdout and stderr',
  execve: 'run the program',
  fchdir: 'go to {of}',
  fchown: 'give the terminal to the user',
  fchownat: 'set the owner of {of}',
  fsconfig: 'make the {of}',
  fsmount: 'mount the {of}',
  fsopen: 'make a new {of}',
  ioctl: 'set up the terminal',
  kill: 'end the process that lent its map',
  mkdirat: 'make {of}',
  mknodat: 'make {of}',
  mount: 'mount the {of}',
  mount_setattr: 'change the mount {of}',
  move_mount: 'attach the mount at {of}',
  open_tree: 'take {of} to mount it',
  openat: 'open {of}',
  openat2: 'find {of}',
  pivot_root: 'make the new root /',
  prctl: 'limit what the process may do',
  prlimit64: 'set {why}',
  remove_cgroup: 'remove the cgroup {of}',
  remove_tree: 'remove {of}',
  rt_sigaction: 'reset the signals',
  rt_sigprocmask: 'unblock the signals',
  seccomp: 'set the seccomp filter',
  sendmsg: 'hand over the terminal',
  setdomainname: 'set the domain name',
  setgroups: 'set the groups',
  sethostname: 'set the host name',
  setns: 'enter the namespace',
  setresgid: 'become the group',
  setresuid: 'become the user',
  setsid: 'begin a session',
  socket: 'make a socket',
  spawn: 'run {of}',
  symlinkat: 'make the link {of}',
  umask: 'set the umask',
  umount2: "let go of the host's tree",
  unshare: 'leave the namespaces of the host',
  write: 'write to {of}',
}

/** Calls that do different things: the one whose print fits. */
const VARIANTS: readonly (readonly [printed: RegExp, purpose: string])[] = [
  [/^fsconfig\(.*FSCONFIG_SET_/, 'set the options of the {of}'],
  [/^ioctl\(.*SIOCSIFFLAGS/, 'bring up the loopback device'],
]

/** The reason without what follows a colon or a semicolon. */
const firstClause = (why: string): string => why.split(/[:;] /, 1)[0] as string

export function purposeOf(step: Step, of: string | undefined, printed: string): string {
  if (step.is === 'barrier') return 'meet the other half of the plan'
  if (step.is === 'skipped') return purposeOf(step.instead, of, printed)
  if (VERBS.has(step.why.split(' ', 1)[0] as string)) return firstClause(step.why)
  const name = step.is === 'call' ? step.call : step.operation
  const variant = VARIANTS.find(([pattern]) => pattern.test(printed))
  const purpose = variant?.[1] ?? PURPOSES[name] ?? `call ${name}`
  return purpose.replace('{of}', of ?? 'it').replace('{why}', firstClause(step.why))
}
