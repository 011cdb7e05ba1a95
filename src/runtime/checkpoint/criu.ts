/**
 * CRIU (criu(8)), which freezes processes into files and thaws them: a program that is called, one call a checkpoint or
 * restore. Why not its protocol: docs/decisions/criu.md.
 */
import { spawnSync } from 'node:child_process'
import { StateError } from '../../errors.ts'
import { readTextIfAny } from '../../linux/file.ts'

export interface CriuCall {
  /** `dump`, `pre-dump` or `restore`, and its options. */
  readonly args: readonly string[]
  /** Where it writes its log. */
  readonly log: string
  /** What cannot be done if it fails: `checkpoint container c1`. */
  readonly purpose: string
  /** The folder of the cgroup that it runs in. */
  readonly cgroup?: string
  /** Descriptors that it has as 3, 4, ... */
  readonly descriptors?: readonly number[]
}

/** Enters the cgroup before it becomes CRIU: what CRIU thaws is born there. */
const ENTER = 'echo 0 >"$1/cgroup.procs" && shift && exec "$@"'

/** @throws StateError with what CRIU complained of */
export function runCriu({ args, log, purpose, cgroup, descriptors = [] }: CriuCall): void {
  const command = ['criu', ...args]
  const [program = '', ...rest] =
    cgroup === undefined ? command : ['/bin/sh', '-c', ENTER, 'sh', cgroup, ...command]
  const { error, signal, status } = spawnSync(program, rest, {
    stdio: ['inherit', 'inherit', 'inherit', ...descriptors],
    env: { ...process.env, PATH: process.env.PATH || DEFAULT_PATH },
  })
  if (status === 0) return
  const missing = (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT' || status === NOT_FOUND
  if (missing) throw new StateError(`Cannot ${purpose}: criu is not installed (apt-get install criu)`)
  const how = signal ? `signal ${signal}` : `exit code ${status}`
  throw new StateError(`Cannot ${purpose}: criu failed with ${how}${complaints(log)}\nlog file: ${log}`)
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const NOT_FOUND = 127
const MOST_COMPLAINTS = 5

/** `(00.012345) Error (criu/files.c:1): what`: the first tell the cause, the others what came of it. */
function complaints(log: string): string {
  const lines = (readTextIfAny(log) ?? '').split('\n').filter((line) => / Error \(/.test(line))
  return lines
    .slice(0, MOST_COMPLAINTS)
    .map((line) => `\n  ${line.replace(/^\([\d.]+\)\s*(\d+: )?/, '')}`)
    .join('')
}
