/** Composed steps: work on whole trees and helper programs, as native/executor.c and native/tree.c do it. */
import type { Operation } from '../../plan/step.ts'
import { O } from '../abi/arch.ts'
import { E } from '../abi/errno.ts'
import { AT, F, P, PR, SIG, W } from '../abi/flags.ts'
import type { Batch } from '../abi/netlink/messages.ts'
import { attempt } from '../call.ts'
import { KernelError } from '../kernel-error.ts'
import { transact } from '../netlink.ts'
import { removeCgroup, removeTree } from '../remove.ts'
import { copyTree } from './copy-tree.ts'
import { exit, fork } from './fork.ts'
import { poll } from './poll.ts'

const SIGCHLD = 17
const SIGKILL = 9
const ECANCELED = 125
const SIGSET_BYTES = 8
const SIGPIPE = 13
const SIGACTION_BYTES = 32

/** @returns 0, or -errno */
export function perform(operation: Operation, args: readonly unknown[]): number {
  try {
    switch (operation) {
      case 'spawn':
        return spawn(args[0] as string[])
      case 'remove_tree':
        removeTree(args[0] as string)
        return 0
      case 'remove_cgroup':
        removeCgroup(args[0] as string)
        return 0
      case 'copy_tree':
        copyTree(args[0] as number, args[1] as number)
        return 0
      case 'hook':
        return hook(args as Parameters<typeof hook>[0])
      case 'companion':
        return companion(args as Parameters<typeof companion>[0])
      // The walker may wait.
      case 'linger':
        return 0
      case 'netlink':
        transact(args[0] as number, (args[1] as Batch).netlink)
        return 0
    }
  } catch (error) {
    if (error instanceof KernelError) return -error.errno
    throw error
  }
}

const FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin']
const PASSED_ON = ['PATH', 'HOME', 'TERM', 'LANG']

const passedOn = (): string[] =>
  PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [`${name}=${process.env[name]}`]))

function spawn(argv: string[]): number {
  const child = fork('clone3', [{ exit_signal: SIGCHLD }])
  if (child !== 0) return child < 0 ? child : exitOf(child) === 0 ? 0 : -ECANCELED
  const program = argv[0] as string
  const environment = passedOn()
  attempt('rt_sigprocmask', [SIG.SETMASK, new Uint8Array(SIGSET_BYTES), null, SIGSET_BYTES])
  const paths = program.startsWith('/') ? [program] : FOLDERS.map((folder) => `${folder}/${program}`)
  for (const path of paths) attempt('execve', [path, argv, environment])
  exit(127)
}

type HookArguments = [
  path: string,
  argv: string[],
  envp: string[],
  input: number,
  output: number,
  timeoutMilliseconds: number,
]

/** As native/executor.c: it gets its input and nothing else of ours, and only so much time. */
function hook([path, argv, envp, input, output, timeoutMilliseconds]: HookArguments): number {
  const child = fork('clone3', [{ exit_signal: SIGCHLD }])
  if (child < 0) return child
  if (child > 0) return waitFor(child, timeoutMilliseconds)
  attempt('dup3', [input, 0, 0])
  for (const fd of [1, 2]) attempt('dup3', [output, fd, 0])
  attempt('close_range', [3, 0xffffffff, 0])
  attempt('rt_sigprocmask', [SIG.SETMASK, new Uint8Array(SIGSET_BYTES), null, SIGSET_BYTES])
  exit(-attempt('execve', [path, argv, envp]))
}

/** As native/companion.c: it stays, and ends with us. @returns its pidfd, when `ready` has something to read */
type CompanionArguments = [argv: string[], ready: number, output: number, folder: number]

function companion([argv, ready, output, folder]: CompanionArguments): number {
  const parent = process.pid
  const child = fork('clone3', [{ exit_signal: SIGCHLD }])
  if (child < 0) return child
  if (child === 0) becomeCompanion(parent, [argv, ready, output, folder])
  const pidfd = attempt('pidfd_open', [child, 0])
  const [isReady, hasEnded] = poll([ready, pidfd], PATIENCE_MILLISECONDS)
  if (isReady) return pidfd
  attempt('close', [pidfd])
  attempt('kill', [child, SIGKILL])
  exitOf(child)
  return hasEnded ? -ECANCELED : -E.TIMEDOUT
}

const READY_FD = 3
const PATIENCE_MILLISECONDS = 30_000

function becomeCompanion(parent: number, [argv, ready, output, folder]: CompanionArguments): never {
  attempt('prctl', [PR.SET_PDEATHSIG, SIGKILL, 0, 0, 0])
  if (attempt('getppid', []) !== parent) exit(127)
  attempt('setsid', [])
  attempt('fchdir', [folder])
  attempt('rt_sigaction', [SIGPIPE, new Uint8Array(SIGACTION_BYTES), null, SIGSET_BYTES])
  const input = attempt('openat', [AT.FDCWD, '/dev/null', O.RDONLY, 0])
  const aside = [input, output, output, ready].map((fd) => attempt('fcntl', [fd, F.DUPFD_CLOEXEC, 64]))
  for (const [i, fd] of aside.entries()) attempt('dup3', [fd, i, 0])
  attempt('close_range', [READY_FD + 1, 0xffffffff, 0])
  attempt('rt_sigprocmask', [SIG.SETMASK, new Uint8Array(SIGSET_BYTES), null, SIGSET_BYTES])
  exit(-attempt('execve', [argv[0] as string, argv, passedOn()]))
}

function waitFor(child: number, timeoutMilliseconds: number): number {
  const pidfd = attempt('pidfd_open', [child, 0])
  const late = timeoutMilliseconds > 0 && !poll([pidfd], timeoutMilliseconds)[0]
  if (late) attempt('kill', [child, SIGKILL])
  attempt('close', [pidfd])
  const code = exitOf(child)
  return late ? -E.TIMEDOUT : code === 0 ? 0 : -ECANCELED
}

const SIGINFO_BYTES = 128
/** struct siginfo as words: si_code, si_pid, si_status. */
const CODE = 2
const CHILD = 4
const STATUS = 6
const CLD_EXITED = 1

/** A child that ended: its process id and its exit code, 128+n for signal n. */
export interface Ended {
  readonly pid: number
  readonly code: number
}

/** waitid(2) for one child (or any: 0); undefined while it runs. */
export function reap(pid: number, options: number): Ended | undefined {
  const info = new Uint8Array(SIGINFO_BYTES)
  let result: number
  do result = attempt('waitid', [pid === 0 ? P.ALL : P.PID, pid, info, W.EXITED | W.__WALL | options, null])
  while (result === -E.INTR)
  const words = new Int32Array(info.buffer)
  const status = words[STATUS] as number
  if (result < 0 || words[CHILD] === 0) return undefined
  return { pid: words[CHILD] as number, code: words[CODE] === CLD_EXITED ? status : 128 + status }
}

const exitOf = (pid: number): number | undefined => reap(pid, 0)?.code
