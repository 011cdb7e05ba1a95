/**
 * What an errno of a system call means here, and what to do about it. The causes are tables (errno-meaning/); a pair of
 * call and errno that no table has stays unexplained: nothing is guessed. docs/errors.md lists them all.
 */
import { errnoName } from './abi/errno.ts'
import { SYSCALLS, type SyscallName } from './abi/syscalls.ts'
import { ANY_CAUSES, PATH_CAUSES } from './errno-meaning/any.ts'
import type { Cause, Causes, Failing, When } from './errno-meaning/cause.ts'
import { CGROUP_CAUSES } from './errno-meaning/cgroup.ts'
import { FILE_CAUSES } from './errno-meaning/files.ts'
import { FILESYSTEM_CAUSES } from './errno-meaning/filesystems.ts'
import { IDENTITY_CAUSES } from './errno-meaning/identity.ts'
import { KERNEL_FILE_CAUSES } from './errno-meaning/kernel-files.ts'
import { MOUNT_CAUSES } from './errno-meaning/mounts.ts'
import { NAMESPACE_CAUSES } from './errno-meaning/namespaces.ts'
import { NETWORK_CAUSES } from './errno-meaning/network.ts'
import { SINCE } from './errno-meaning/since.ts'
import { TERMINAL_CAUSES } from './errno-meaning/terminal.ts'

/** In the order they are asked: files.ts has the causes that hold of any file. */
export const CAUSES: readonly Causes[] = [
  NAMESPACE_CAUSES,
  CGROUP_CAUSES,
  KERNEL_FILE_CAUSES,
  FILESYSTEM_CAUSES,
  MOUNT_CAUSES,
  IDENTITY_CAUSES,
  TERMINAL_CAUSES,
  NETWORK_CAUSES,
  FILE_CAUSES,
]

/** The text of a file of this machine, or undefined where it cannot be read. */
export type Look = (path: string) => string | undefined

/** What is known of the failed call. */
export interface FailedCall {
  /** As strace prints it, without its result. */
  readonly printed: string
  /** What it works on: a path, the file behind a descriptor, a filesystem type. */
  readonly of?: string | undefined
  /** The JSON pointer into config.json or the flag it comes from. */
  readonly at?: string | undefined
  readonly look?: Look | undefined
}

export interface Meaning {
  readonly means: string
  readonly do?: string
  readonly see: readonly string[]
}

/** undefined where the manual has no cause for this pair of call and errno. */
export function meaningOf(call: Failing, errno: number, failed: FailedCall): Meaning | undefined {
  const name = errnoName(errno)
  if (name === 'ENOSYS' && call in SYSCALLS) return absentCall(call as SyscallName, failed)
  const rows = [
    ...CAUSES.flatMap((table) => table[call] ?? []),
    ...(takesPath(call) ? PATH_CAUSES : []),
    ...ANY_CAUSES,
  ]
  const cause = rows.find((row) => row.errno === name && (row.when === undefined || fits(row.when, failed)))
  return cause && toMeaning(call, cause, failed)
}

function takesPath(call: Failing): boolean {
  if (!(call in SYSCALLS)) return call !== 'spawn'
  const row = SYSCALLS[call as SyscallName] as readonly unknown[]
  return row.slice(2).some((argument) => (argument as readonly [string, string])[1] === 'path')
}

function fits(when: When, failed: FailedCall): boolean {
  const matches = (pattern: RegExp | undefined, text: string | undefined): boolean =>
    pattern === undefined || (text !== undefined && pattern.test(text))
  return (
    matches(when.of, failed.of) &&
    matches(when.at, failed.at) &&
    matches(when.printed, failed.printed) &&
    (when.host === undefined || matches(when.host[1], failed.look?.(when.host[0])?.trim())) &&
    (when.missing === undefined || (failed.look !== undefined && failed.look(when.missing) === undefined))
  )
}

function toMeaning(call: Failing, cause: Cause, failed: FailedCall): Meaning {
  const fill = (text: string): string => text.replaceAll('{of}', failed.of ?? 'it')
  return {
    means: fill(cause.means),
    ...(cause.do === undefined ? {} : { do: fill(cause.do) }),
    see: [...manualOf(call), ...(cause.see ?? [])],
  }
}

/** Calls whose manual page has another name. */
const PAGES: Partial<Record<Failing, string>> = {
  bpf: 'bpf(2)',
  clone3: 'clone(2)',
  dup3: 'dup(2)',
  fchdir: 'chdir(2)',
  fchown: 'chown(2)',
  fchownat: 'chown(2)',
  mkdirat: 'mkdir(2)',
  mknodat: 'mknod(2)',
  openat: 'open(2)',
  prlimit64: 'prlimit(2)',
  setresgid: 'setresuid(2)',
  symlinkat: 'symlink(2)',
  umount2: 'umount(2)',
}

/** Manual pages; what a plan does in one step has none. */
export const manualOf = (call: Failing): readonly string[] =>
  call in SYSCALLS ? [PAGES[call] ?? `${call}(2)`] : []

/** ENOSYS: a kernel that is too old, or a filter that hides the call from us. */
function absentCall(call: SyscallName, { look }: FailedCall): Meaning {
  const see = manualOf(call)
  const since = SINCE[call]
  const release = look?.('/proc/sys/kernel/osrelease')?.trim()
  const [major = 0, minor = 0] = release?.split('.').map((part) => Number.parseInt(part, 10)) ?? []
  if (since && release !== undefined && (major < since[0] || (major === since[0] && minor < since[1]))) {
    return {
      means: `${call} needs Linux ${since.join('.')}, and this is ${release}`,
      do: 'use a newer kernel',
      see,
    }
  }
  const there = release === undefined ? '' : ` (Linux ${release} has it)`
  return {
    means: `a seccomp filter or a sandbox hides ${call} from us${there}`,
    do: 'allow it there: an outer container needs --security-opt seccomp=unconfined',
    see,
  }
}
