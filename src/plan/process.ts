/**
 * From the finished root to execve(2): limits, identity, working folder, seccomp, the program.
 */

import { ConfigError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { AT, CLOSE_RANGE, PR, RESOLVE, RLIMIT, SECCOMP_SET_MODE_FILTER, SIG } from '../linux/abi/flags.ts'
import type { Slot } from '../linux/abi/kinds.ts'
import { SIGRTMAX, signalName } from '../linux/abi/signal.ts'
import type { Config } from '../oci/runtime-spec.ts'
import type { Host } from './host.ts'
import { call, each, type Step, slot } from './step.ts'
import { components } from './tree.ts'

const SIGKILL = 9
const SIGSTOP = 19
const SIGSET_BYTES = 8
const SIGACTION_BYTES = 32

/** Dispositions and mask survive execve(2): the container must not inherit what our own runtime ignores. */
export function signalSteps(): Step[] {
  const signals = Array.from({ length: SIGRTMAX }, (_, i) => i + 1).filter(
    (signal) => signal !== SIGKILL && signal !== SIGSTOP,
  )
  const named = signals.map((signal) => ({ name: signalName(signal), value: signal }))
  return [
    call('rt_sigaction', [each(named), new Uint8Array(SIGACTION_BYTES), null, SIGSET_BYTES], {
      why: 'SIG_DFL: what a caller ignores stays ignored across execve',
    }),
    call('rt_sigprocmask', [SIG.SETMASK, new Uint8Array(SIGSET_BYTES), null, SIGSET_BYTES], {
      why: 'and nothing is blocked',
    }),
  ]
}

const KEYCTL_JOIN_SESSION_KEYRING = 1

/** Keys are in no namespace: without this the caller's session keyring would be the container's too (keyctl(2)). */
export const keyringStep = (): Step =>
  call(
    'keyctl',
    [{ name: 'KEYCTL_JOIN_SESSION_KEYRING', value: KEYCTL_JOIN_SESSION_KEYRING }, null, null, null, null],
    { tolerate: ['ENOSYS'], why: "a session keyring of its own, not the caller's" },
  )

/** While /proc is the host's and we are its root: lowering it needs CAP_SYS_RESOURCE. */
export function oomScoreSteps(config: Config): Step[] {
  const score = config.process?.oomScoreAdj
  if (score === undefined) return []
  const at = '/process/oomScoreAdj'
  const opened = slot('oom_score_adj')
  return [
    call('openat', [AT.FDCWD, '/proc/self/oom_score_adj', O.WRONLY | O.CLOEXEC, 0], {
      into: opened,
      why: 'how soon the OOM killer looks here',
      at,
    }),
    call('write', [opened, String(score)], { why: `${score} of -1000 to 1000`, at }),
  ]
}

/** RLIM_INFINITY is 2^64-1, which JSON numbers round to 2^64. */
const rlim = (value: number): number | bigint => (value < 0 || value >= 2 ** 63 ? 0xffffffffffffffffn : value)

export function rlimitSteps(config: Config, host: Host): Step[] {
  const own = config.process?.rlimits ?? []
  const steps = own.map((limit, i) => {
    const resource = RLIMIT[limit.type.replace('RLIMIT_', '') as keyof typeof RLIMIT]
    const at = `/process/rlimits/${i}`
    if (resource === undefined)
      throw new ConfigError(`${at}/type`, `expected a limit of getrlimit(2) but found "${limit.type}"`)
    return call(
      'prlimit64',
      [0, resource, { rlim_cur: rlim(limit.soft), rlim_max: rlim(limit.hard) }, null],
      { why: `${limit.type} as asked`, at },
    )
  })
  if (own.some((limit) => limit.type === 'RLIMIT_NOFILE')) return steps
  const { soft, hard } = host.nofile
  return [
    call('prlimit64', [0, RLIMIT.NOFILE, { rlim_cur: soft, rlim_max: hard }, null], {
      why: "the caller's own limit: our runtime raised it for itself",
    }),
    ...steps,
  ]
}

/** Groups before user, user before capabilities: each step needs what the next gives up. */
export function userSteps(config: Config, mayDenySetgroups: boolean): Step[] {
  const user = config.process?.user ?? { uid: 0, gid: 0 }
  const at = '/process/user'
  const { uid = 0, gid = 0 } = user
  const groups = call('setgroups', [[...(user.additionalGids ?? [])]], {
    // Where one unprivileged id is mapped, setgroups(2) is denied for good and there is no group to leave.
    ...(mayDenySetgroups ? { tolerate: ['EPERM'] } : {}),
    why: "not the caller's groups",
    at: `${at}/additionalGids`,
  })
  return [
    // crun's annotation, for files that only a group of the caller may read (podman --group-add keep-groups).
    ...(config.annotations?.['run.oci.keep_original_groups'] === '1' ? [] : [groups]),
    call('setresgid', [gid, gid, gid], {
      why: 'group first: the user may not be allowed to',
      at: `${at}/gid`,
    }),
    call('setresuid', [uid, uid, uid], { why: 'the user the program runs as', at: `${at}/uid` }),
  ]
}

/** `workdir` is made as root, where the image lacks it (as docker does). */
export function makeWorkdirSteps(config: Config): Step[] {
  const at = '/process/cwd'
  const parts = components(config.process?.cwd ?? '/')
  return parts.map((_, i) => {
    const path = `/${parts.slice(0, i + 1).join('/')}`
    return call('mkdirat', [AT.FDCWD, path, 0o755], {
      tolerate: ['EEXIST', 'EROFS', 'EACCES', 'EPERM', 'ENOENT', 'ENOTDIR'],
      why: `make ${path} if the image lacks it`,
      at,
    })
  })
}

const CWD = slot('cwd')
const STANDING = slot('standing')

/**
 * As root, like runc: a workdir that the user may not enter is one to stand in. RESOLVE_NO_MAGICLINKS: /proc/self/fd/N
 * must not lead to a folder of the host.
 */
export function openWorkdirSteps(config: Config): Step[] {
  const how = { flags: O.PATH | O.DIRECTORY | O.CLOEXEC, resolve: RESOLVE.NO_MAGICLINKS }
  return [
    call('openat2', [AT.FDCWD, config.process?.cwd ?? '/', how], {
      into: CWD,
      why: 'the working folder; no magic link out (CVE-2024-21626)',
      at: '/process/cwd',
    }),
    call('fchdir', [CWD], {
      into: STANDING,
      tolerate: ['EACCES'],
      why: 'stand there while root may',
      at: '/process/cwd',
    }),
  ]
}

/** Who has come into a root stands in it. */
export const isRootWorkdir = (config: Config): boolean => components(config.process?.cwd ?? '/').length === 0

/** A folder that only the user may enter, such as one on NFS. */
export const enterWorkdirStep = (): Step =>
  call('fchdir', [CWD], { unless: STANDING, why: 'stand there', at: '/process/cwd' })

export const closeWorkdirStep = (): Step =>
  call('close', [CWD], { why: 'it stands there', at: '/process/cwd' })

const CLOEXEC = { name: 'O_CLOEXEC', value: O.CLOEXEC }
/** Where the executor keeps its own descriptors (LOWEST_OWN_FD of native/executor.h). */
const LOWEST_OWN_FD = 64

/** Who waits to be started, maybe for long, keeps only `kept` of our files. Before seccomp, which may not know the calls. */
export function letGoSteps(preserveFds: number, kept: readonly Slot[]): Step[] {
  const first = 3 + preserveFds
  const end = first + kept.length
  if (end >= LOWEST_OWN_FD) return []
  return [
    ...kept.map((file, i) =>
      call('dup3', [file, first + i, CLOEXEC], { into: file, why: 'what it still needs comes first' }),
    ),
    call('close_range', [end, LOWEST_OWN_FD - 1, 0], {
      why: 'and who waits to be started holds nothing of the host',
    }),
  ]
}

/** Everything above the standard streams and the preserved ones closes at execve(2). */
export const closeSteps = (preserveFds: number): Step[] => [
  call('close_range', [3 + preserveFds, 0xffffffff, CLOSE_RANGE.CLOEXEC], {
    why: 'no file of the host stays open in the container (CVE-2024-21626)',
  }),
]

export const noNewPrivilegesSteps = (config: Config): Step[] =>
  config.process?.noNewPrivileges
    ? [
        call('prctl', [PR.SET_NO_NEW_PRIVS, 1, 0, 0, 0], {
          why: 'setuid programs gain nothing',
          at: '/process/noNewPrivileges',
        }),
      ]
    : []

export const seccompSteps = (filter: Uint8Array | undefined, flags: number): Step[] =>
  filter
    ? [
        call(
          'seccomp',
          [
            { name: 'SECCOMP_SET_MODE_FILTER', value: SECCOMP_SET_MODE_FILTER },
            flags,
            { len: filter.length / 8, filter },
          ],
          {
            why: 'from here on only these system calls',
            at: '/linux/seccomp',
          },
        ),
      ]
    : []

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Where execvp(3) would look for the program. */
export function programCandidates(config: Config): string[] {
  const program = config.process?.args?.[0]
  if (!program) throw new ConfigError('/process/args', 'expected at least the program to run')
  if (program.includes('/')) return [program]
  const variable = config.process?.env?.findLast((one) => one.startsWith('PATH='))
  const path = variable?.slice('PATH='.length) ?? DEFAULT_PATH
  return path.split(':').map((folder) => `${folder || '.'}/${program}`)
}

/** A variable that is set twice has its last value, as in a shell; programs look for the first. */
function lastOfEach(env: readonly string[]): string[] {
  const nameOf = (variable: string): string => variable.split('=', 1)[0] as string
  const last = new Map(env.map((variable, i) => [nameOf(variable), i]))
  return env.filter((variable, i) => last.get(nameOf(variable)) === i)
}

/** The program, tried along PATH as execvp(3) does: a call that succeeds does not return. */
export function execveSteps(config: Config): Step[] {
  const candidates = programCandidates(config)
  const { args = [], env = [] } = config.process ?? {}
  return [
    call('execve', [each(candidates), [...args], lastOfEach(env)], {
      tolerate: ['ENOENT', 'ENOTDIR', 'EACCES'],
      why: candidates.length > 1 ? 'become the program: the first that PATH finds' : 'become the program',
      at: '/process/args',
    }),
  ]
}
