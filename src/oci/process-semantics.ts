/** A process of config.json, or of `exec --process FILE`: config.md, "Process". */
import { refuse } from './refuse.ts'
import type { Process, Rlimit, Scheduler, User } from './runtime-spec.ts'

/** @param at JSON pointer of the process: `/process`, or `''` for a file of its own */
export function checkProcess(process: Process, at: string): void {
  checkAbsolute(process.cwd, `${at}/cwd`)
  if (process.args === undefined || process.args.length === 0) {
    refuse(`${at}/args`, 'a list of at least 1', process.args)
  }
  for (let index = 0; index < process.args.length; index++) {
    checkCString(process.args[index]!, `${at}/args`, index)
  }
  const env = process.env ?? []
  for (let index = 0; index < env.length; index++) {
    if (env[index]!.indexOf('=') < 1) refuse(`${at}/env/${index}`, 'NAME=value', env[index])
    checkCString(env[index]!, `${at}/env`, index)
  }
  if (process.user !== undefined) checkUser(process.user, `${at}/user`)
  if (process.rlimits !== undefined) checkRlimits(process.rlimits, `${at}/rlimits`)
  if (process.oomScoreAdj !== undefined) checkRange(process.oomScoreAdj, -1000, 1000, `${at}/oomScoreAdj`)
  if (process.ioPriority?.priority !== undefined) {
    checkRange(process.ioPriority.priority, 0, 7, `${at}/ioPriority/priority`)
  }
  if (process.scheduler !== undefined) checkScheduler(process.scheduler, `${at}/scheduler`)
}

export function checkAbsolute(path: string, at: string): void {
  if (!path.startsWith('/')) refuse(at, 'an absolute path', path)
}

/** validate.ts refuses NUL bytes in what it parses; these two lists also come from flags and files. */
function checkCString(text: string, at: string, index: number): void {
  if (text.includes('\0')) refuse(`${at}/${index}`, 'a string without NUL bytes', text)
}

function checkRange(value: number, min: number, max: number, at: string): void {
  if (value < min || value > max) refuse(at, `an integer from ${min} to ${max}`, value)
}

function checkUser({ uid, gid, umask, additionalGids }: User, at: string): void {
  // (uid_t)-1 means "leave as it is" in setresuid(2): no id has this number.
  if (uid !== undefined) checkRange(uid, 0, 0xfffffffe, `${at}/uid`)
  if (gid !== undefined) checkRange(gid, 0, 0xfffffffe, `${at}/gid`)
  if (umask !== undefined && umask > 0o777) refuse(`${at}/umask`, 'a mask of at most 511 (0777)', umask)
  additionalGids?.forEach((group, index) => {
    checkRange(group, 0, 0xfffffffe, `${at}/additionalGids/${index}`)
  })
}

function checkRlimits(rlimits: readonly Rlimit[], at: string): void {
  const types: string[] = []
  for (const { type, soft, hard } of rlimits) {
    const index = types.length
    if (types.includes(type)) refuse(`${at}/${index}/type`, 'each limit once', type)
    if (soft > hard) refuse(`${at}/${index}/soft`, `at most the hard limit, ${hard},`, soft)
    types.push(type)
  }
}

/** sched_setattr(2): which members a policy takes. */
function checkScheduler(scheduler: Scheduler, at: string): void {
  const { policy, nice, priority, runtime, deadline, period } = scheduler
  if (nice !== undefined) checkRange(nice, -20, 19, `${at}/nice`)
  const isRealTime = policy === 'SCHED_FIFO' || policy === 'SCHED_RR'
  if (isRealTime) checkRange(priority ?? 0, 1, 99, `${at}/priority`)
  else if (priority !== undefined && priority !== 0) refuse(`${at}/priority`, `0 with ${policy}`, priority)
  if (policy === 'SCHED_DEADLINE') return
  for (const [name, value] of [
    ['runtime', runtime],
    ['deadline', deadline],
    ['period', period],
  ] as const) {
    if (value !== undefined && value !== 0) refuse(`${at}/${name}`, `nothing, or 0, with ${policy}`, value)
  }
}

/**
 * Names of capabilities that are not known, by JSON pointer. They are a warning, not an error: the runtime
 * MUST log what it cannot map to the kernel and SHOULD NOT fail (config.md, "Linux Process").
 */
export function unknownCapabilities(
  process: Process,
  at: string,
  known: ReadonlySet<string>,
): Map<string, string> {
  const unknown = new Map<string, string>()
  for (const set of ['bounding', 'effective', 'inheritable', 'permitted', 'ambient'] as const) {
    process.capabilities?.[set]?.forEach((name, index) => {
      if (!known.has(name)) unknown.set(`${at}/capabilities/${set}/${index}`, name)
    })
  }
  return unknown
}
