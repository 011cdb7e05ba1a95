/**
 * Why the final execve(2) failed. The kernel has three errnos for a dozen causes; the file itself tells them apart. What
 * engines look for in a runtime's error is kept in the wording: `executable file not found in $PATH`, `no such file or
 * directory`, `permission denied`.
 */
import { errnoName } from './abi/errno.ts'
import { S } from './abi/flags.ts'
import { architecture } from './call.ts'
import { diagnoseContent } from './exec-diagnosis/content.ts'
import { circular, type Finding, forbidden, missing } from './exec-diagnosis/finding.ts'
import { type Entry, InRoot } from './exec-diagnosis/in-root.ts'
import { notInPath } from './exec-diagnosis/not-in-path.ts'
import type { KernelError } from './kernel-error.ts'

export interface FailedExecve {
  /** The container's root as we reach it: `/proc/PID/root`, or a rootfs folder. */
  readonly root: string
  /** The working folder inside the root. */
  readonly cwd: string
  /** The paths that were tried, inside the root. */
  readonly candidates: readonly string[]
  /** As the user wrote it. */
  readonly program: string
  readonly errno: number
  /** Whom the program runs as, in the ids of whoever looks (those of the host). */
  readonly uid: number
  readonly gid: number
  readonly groups: readonly number[]
  /** It holds CAP_DAC_OVERRIDE over the files. Without it: whether it is root. */
  readonly privileged?: boolean
  /** "Did you mean": the nearest of some names. */
  readonly closest?: (typed: string, names: readonly string[]) => string | undefined
}

/** Errnos that say all there is to say. */
const BY_ERRNO: Readonly<Record<string, Omit<Finding, 'exitCode'>>> = {
  E2BIG: {
    means:
      'argument list too long: arguments and environment together must fit into a quarter of the stack limit, and each into 128 KiB',
    do: 'pass less, by a file (-v) or on standard input, or raise --ulimit stack=',
  },
  ETXTBSY: {
    means: 'text file busy: somebody has the program open for writing',
    do: 'close it there, and try again',
  },
  ENOMEM: {
    means: 'cannot allocate memory: the program does not fit into the memory limit',
    do: 'raise --memory',
  },
  EAGAIN: {
    means: 'resource temporarily unavailable: the user has more processes than RLIMIT_NPROC allows',
    do: 'raise --ulimit nproc=, or choose another user',
  },
  EPERM: {
    means:
      'operation not permitted: a security module forbids it, or the program has capabilities we may not hold',
    do: 'look at getcap of the program, and at dmesg',
  },
}

export function diagnoseExecve(failed: FailedExecve): Finding {
  const name = errnoName(failed.errno)
  const told = BY_ERRNO[name]
  if (told) return { ...told, means: `"${failed.program}": ${told.means}`, exitCode: 126 }
  let files: InRoot
  try {
    files = new InRoot(failed.root)
  } catch (error) {
    return unseen(failed, name, error as KernelError)
  }
  try {
    for (const candidate of failed.candidates) {
      const finding = diagnoseFile(absolute(failed.cwd, candidate), files, failed)
      if (finding !== 'absent' && finding !== undefined) return finding
      // It is there and we find no fault in it: the kernel's own word must do.
      if (finding === undefined) return unexplained(candidate, name)
    }
    return failed.program.includes('/') ? notThere(failed, files) : notInPath(failed, files)
  } finally {
    files.close()
  }
}

const absolute = (cwd: string, path: string): string =>
  path.startsWith('/') ? path : `${cwd === '/' ? '' : cwd}/${path.replace(/^(\.\/+)+/, '')}`

/** undefined: nothing is wrong with it. */
function diagnoseFile(path: string, files: InRoot, failed: FailedExecve): Finding | 'absent' | undefined {
  const reach = (one: string): Finding | 'absent' | undefined => reachFile(one, files, failed)
  const machine = {
    files,
    architecture,
    notExecutable: errnoName(failed.errno) === 'ENOEXEC',
    locate: (one: string): string => absolute(failed.cwd, one),
    reach,
  }
  return reach(path) ?? diagnoseContent(path, machine)
}

/** The way to a file, and whether it may be executed. */
function reachFile(path: string, files: InRoot, failed: FailedExecve): Finding | 'absent' | undefined {
  const parts = path.split('/').filter((part) => part !== '')
  for (let depth = 1; depth < parts.length; depth++) {
    const folder = `/${parts.slice(0, depth).join('/')}`
    const entry = files.entry(folder)
    if (entry?.type !== S.IFDIR) return danglingLink(folder, files) ?? 'absent'
    // Where it would not be found either, execvp(3) meets EACCES all the same: that is not the reason.
    if (!mayEnter(entry, failed) && files.entry(path) === undefined) return 'absent'
    if (!mayEnter(entry, failed))
      return forbidden(
        path,
        `${who(failed)} may not enter ${folder} (${describe(entry)})`,
        `open it in the image: chmod o+x ${folder}; or choose another user (-u)`,
      )
  }
  const entry = files.entry(path)
  if (entry === undefined) return danglingLink(path, files) ?? 'absent'
  if (entry.type === S.IFDIR) return forbidden(path, 'it is a directory', 'name a program in it')
  if (entry.type !== S.IFREG) return forbidden(path, 'it is a device, a pipe or a socket', 'name a program')
  if (!mayExecute(entry, failed))
    return forbidden(
      path,
      `${who(failed)} may not execute it (${describe(entry)})`,
      `make it executable in the image: chmod +x ${path}`,
    )
  if (entry.noexec)
    return forbidden(path, 'it lies on a mount with noexec', 'mount it with exec, or keep programs elsewhere')
  return undefined
}

function danglingLink(path: string, files: InRoot): Finding | undefined {
  const target = files.link(path)
  if (target === undefined || files.entry(path) !== undefined) return undefined
  if (files.isCircular(path))
    return circular(
      path,
      `it is a symlink to ${target}, which leads back to it`,
      'mend the symlinks in the image',
    )
  return missing(
    path,
    `it is a symlink to ${target}, which is not in the image`,
    `add ${target} to the image`,
  )
}

const who = ({ uid, gid }: FailedExecve): string => `user ${uid}:${gid}`
const describe = ({ mode, uid, gid }: Entry): string =>
  `mode 0${mode.toString(8).padStart(3, '0')}, owner ${uid}:${gid}`

/** The three bits that count for this user (path_resolution(7)). */
function bitsFor(entry: Entry, { uid, gid, groups }: FailedExecve): number {
  if (entry.uid === uid) return entry.mode >> 6
  return entry.gid === gid || groups.includes(entry.gid) ? entry.mode >> 3 : entry.mode
}

const privilegedFor = (failed: FailedExecve): boolean => failed.privileged ?? failed.uid === 0
const mayEnter = (entry: Entry, failed: FailedExecve): boolean =>
  privilegedFor(failed) || (bitsFor(entry, failed) & 1) !== 0
/** Who overrides permissions still needs one x bit. */
const mayExecute = (entry: Entry, failed: FailedExecve): boolean =>
  privilegedFor(failed) ? (entry.mode & 0o111) !== 0 : (bitsFor(entry, failed) & 1) !== 0

function notThere(failed: FailedExecve, files: InRoot): Finding {
  const path = absolute(failed.cwd, failed.candidates[0] ?? failed.program)
  const folder = path.slice(0, path.lastIndexOf('/')) || '/'
  const names = files.names(folder)
  const near = failed.closest?.(path.slice(path.lastIndexOf('/') + 1), names)
  const entry = files.entry(folder)
  const fact =
    entry === undefined
      ? `the image has no ${folder}`
      : entry.type === S.IFDIR
        ? `the image has no ${path}`
        : `${folder} is not a directory`
  return missing(
    failed.program,
    fact,
    near === undefined ? 'check the path' : `did you mean ${folder === '/' ? '' : folder}/${near}?`,
  )
}

/** The words that belong to an errno for engines, where we have no better. */
const TEXTS: Readonly<Record<string, string>> = {
  ELIBBAD: 'accessing a corrupted shared library',
  EACCES: 'permission denied',
  ELOOP: 'too many levels of symbolic links',
  ENOENT: 'no such file or directory',
  ENOEXEC: 'exec format error',
  ENOTDIR: 'no such file or directory',
}
const exitCodeOf = (name: string): 126 | 127 => (name === 'ENOENT' || name === 'ENOTDIR' ? 127 : 126)

function unexplained(path: string, name: string): Finding {
  const guard = name === 'EACCES' ? ': a security module (AppArmor, SELinux) forbids it' : ''
  return {
    means: `"${path}": ${TEXTS[name] ?? name}${guard || ', and the file itself shows no reason'}`,
    exitCode: exitCodeOf(name),
  }
}

/** The container's root is gone or closed to us. */
const unseen = (failed: FailedExecve, name: string, error: KernelError): Finding => ({
  means: `"${failed.program}": ${TEXTS[name] ?? name} (its root cannot be looked at: ${error.code})`,
  exitCode: exitCodeOf(name),
})
