/** Boots a machine: a forked child jails itself and becomes the kernel. */
import { O } from '../../linux/abi/arch.ts'
import { AT, CLONE, PR, SIG } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { exit, fork } from '../../linux/execute-ffi/fork.ts'
import { reap } from '../../linux/execute-ffi/operations.ts'
import { makeFolder, readTextIfAny } from '../../linux/file.ts'
import { KernelError } from '../../linux/kernel-error.ts'
import { dropPrivileges, enterJail, GUEST } from './jail.ts'
import type { MachineSpec, UmlKernel } from './machine.ts'

const SIGCHLD = 17
const SIGKILL = 9
const WNOHANG = 1
const SIGSET_BYTES = 8
const FAILED = 125

/** Descriptors of the kernel program: what its console lines are. */
const LINE = { input: 10, output: 11, error: 12, log: 13 }

export interface Machine {
  readonly pid: number
  /** Whether it has been turned off, or has ended otherwise. */
  ended(wait?: boolean): boolean
  /** Pulls the plug. */
  kill(): void
  /** What the job left in `result/NAME`, without a last newline. */
  result(name: string): string | undefined
  /** The last words of its kernel. */
  log(): string
}

/** Needs a process that may clone itself (becomeSingleThreaded). @throws KernelError */
export function bootMachine(spec: MachineSpec, kernel: UmlKernel): Machine {
  makeFolder(`${spec.folder}/result`, 0o755)
  const log = call('openat', [AT.FDCWD, `${spec.folder}/log`, O.WRONLY | O.CREAT | O.CLOEXEC, 0o600])
  const rootless = call('geteuid', []) !== 0
  const ids = rootless ? { uid: call('geteuid', []), gid: call('getegid', []) } : undefined
  const flags = CLONE.NEWNS | CLONE.NEWPID | CLONE.NEWNET | CLONE.NEWIPC | (ids ? CLONE.NEWUSER : 0)
  const pid = fork('clone3', [{ flags, exit_signal: SIGCHLD }])
  if (pid === 0) becomeMachine(spec, kernel, log, ids)
  call('close', [log])
  if (pid < 0) throw new KernelError('clone3', -pid, 'clone3({flags=CLONE_NEWNS|CLONE_NEWPID|...})')
  let over = false
  return {
    pid,
    ended(wait = false) {
      over ||= reap(pid, wait ? 0 : WNOHANG) !== undefined
      return over
    },
    kill() {
      attempt('kill', [pid, SIGKILL])
    },
    result: (name) => readTextIfAny(`${spec.folder}/result/${name}`)?.replace(/\n$/, ''),
    log: () => (readTextIfAny(`${spec.folder}/log`) ?? '').trimEnd(),
  }
}

function becomeMachine(
  spec: MachineSpec,
  kernel: UmlKernel,
  log: number,
  ids: { uid: number; gid: number } | undefined,
): never {
  try {
    attempt('prctl', [PR.SET_PDEATHSIG, SIGKILL, 0, 0, 0])
    if (ids) mapRoot(ids)
    const { input, output, error } = spec.console
    const lines = [input, output, error, log].map((fd) => call('fcntl', [fd, 0, 20]))
    lines.forEach((fd, i) => {
      call('dup3', [fd, LINE.input + i, 0])
    })
    enterJail(spec, kernel)
    dropPrivileges()
    for (const fd of [0, 1, 2]) call('dup3', [LINE.log, fd, 0])
    attempt('close_range', [LINE.log + 1, 4294967295, 0])
    attempt('rt_sigprocmask', [SIG.SETMASK, new Uint8Array(SIGSET_BYTES), null, SIGSET_BYTES])
    call('execve', [kernel.program, [kernel.program, ...parameters(spec)], ['TMPDIR=/dev/shm', 'HOME=/tmp']])
  } catch (problem) {
    attempt('write', [log, `Cannot boot: ${problem}\n`])
  }
  exit(FAILED)
}

function mapRoot({ uid, gid }: { uid: number; gid: number }): void {
  const write = (path: string, text: string): void => {
    const fd = call('openat', [AT.FDCWD, path, O.WRONLY | O.CLOEXEC, 0])
    call('write', [fd, text])
    call('close', [fd])
  }
  write('/proc/self/setgroups', 'deny')
  write('/proc/self/uid_map', `0 ${uid} 1`)
  write('/proc/self/gid_map', `0 ${gid} 1`)
}

/** The kernel's command line. `hostfs=` confines every mount of the host's files, the root among them. */
const parameters = ({ memoryMiB }: MachineSpec): string[] => [
  `mem=${memoryMiB}M`,
  `hostfs=${GUEST}`,
  'root=/dev/root',
  'rootfstype=hostfs',
  'rootflags=/',
  'rw',
  `con0=null,fd:${LINE.log}`,
  `con1=fd:${LINE.input},fd:${LINE.output}`,
  `con2=null,fd:${LINE.error}`,
  'con=null',
  'quiet',
  'panic=-1',
  'init=/boot/busybox',
  '--',
  'sh',
  '/boot/init',
]
