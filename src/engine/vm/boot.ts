/** Boots a machine: a forked child jails itself and becomes the hypervisor. */
import { O } from '../../linux/abi/arch.ts'
import { AF, AT, CLONE, F, PR, SIG, SOCK } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { exit, fork } from '../../linux/execute-ffi/fork.ts'
import { reap } from '../../linux/execute-ffi/operations.ts'
import { makeFolder, readTextIfAny } from '../../linux/file.ts'
import { KernelError } from '../../linux/kernel-error.ts'
import { dropPrivileges, enterJail } from './jail.ts'
import { CHANNEL, type Hypervisor, type MachineSpec, type Placed } from './machine.ts'

const SIGCHLD = 17
const SIGKILL = 9
const WNOHANG = 1
const SIGSET_BYTES = 8
const FAILED = 125

export interface Machine {
  /** Our end of the channel to its first process. */
  readonly channel: number
  /** Whether it has been turned off, or has ended otherwise. */
  ended(wait?: boolean): boolean
  /** Pulls the plug. */
  kill(): void
  /** The last words of its kernel. */
  log(): string
}

/** Needs a process that may clone itself (becomeSingleThreaded). @throws KernelError */
export function bootMachine(spec: MachineSpec, hypervisor: Hypervisor): Machine {
  makeFolder(spec.folder)
  const log = call('openat', [
    AT.FDCWD,
    `${spec.folder}/log`,
    O.WRONLY | O.CREAT | O.APPEND | O.CLOEXEC,
    0o600,
  ])
  // Before there is a child: it may not start programs.
  const files = hypervisor.files()
  const [ours, theirs] = openChannel()
  const rootless = call('geteuid', []) !== 0
  const ids = rootless ? { uid: call('geteuid', []), gid: call('getegid', []) } : undefined
  const flags = CLONE.NEWNS | CLONE.NEWPID | CLONE.NEWNET | CLONE.NEWIPC | (ids ? CLONE.NEWUSER : 0)
  const pid = fork('clone3', [{ flags, exit_signal: SIGCHLD }])
  if (pid === 0) becomeMachine(spec, hypervisor, files, { log, channel: theirs }, ids)
  for (const fd of [log, theirs]) call('close', [fd])
  if (pid < 0) throw new KernelError('clone3', -pid, 'clone3({flags=CLONE_NEWNS|CLONE_NEWPID|...})')
  let over = false
  return {
    channel: ours,
    ended(wait = false) {
      over ||= reap(pid, wait ? 0 : WNOHANG) !== undefined
      return over
    },
    kill() {
      attempt('kill', [pid, SIGKILL])
    },
    log: () => (readTextIfAny(`${spec.folder}/log`) ?? '').trimEnd(),
  }
}

function openChannel(): [ours: number, theirs: number] {
  const ends = new Uint8Array(8)
  call('socketpair', [AF.UNIX, SOCK.STREAM | SOCK.CLOEXEC, 0, ends])
  return [...new Int32Array(ends.buffer)] as [number, number]
}

function becomeMachine(
  spec: MachineSpec,
  hypervisor: Hypervisor,
  files: Readonly<Record<string, Placed>>,
  { log, channel }: { readonly log: number; readonly channel: number },
  ids: { uid: number; gid: number } | undefined,
): never {
  try {
    attempt('prctl', [PR.SET_PDEATHSIG, SIGKILL, 0, 0, 0])
    if (ids) mapRoot(ids)
    const [program = '', ...args] = hypervisor.command(spec)
    enterJail(spec, hypervisor, files)
    dropPrivileges()
    placeStreams(log, channel)
    attempt('rt_sigprocmask', [SIG.SETMASK, new Uint8Array(SIGSET_BYTES), null, SIGSET_BYTES])
    call('execve', [program, [program, ...args], ['TMPDIR=/dev/shm', 'HOME=/tmp']])
  } catch (problem) {
    attempt('write', [log, `Cannot boot: ${problem}\n`])
  }
  exit(FAILED)
}

/** Nothing to read, the log to write to, the channel, and no other descriptor of ours. */
function placeStreams(log: number, channel: number): void {
  const nothing = call('openat', [AT.FDCWD, '/dev/null', O.RDONLY | O.CLOEXEC, 0])
  const streams = [nothing, log, log, channel].map((fd) => call('fcntl', [fd, F.DUPFD_CLOEXEC, CHANNEL + 1]))
  const places = [0, 1, 2, CHANNEL]
  streams.forEach((fd, i) => {
    call('dup3', [fd, places[i] as number, 0])
  })
  attempt('close_range', [3, CHANNEL - 1, 0])
  attempt('close_range', [CHANNEL + 1, 4294967295, 0])
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
