/** Values of `run`'s flags that are no subject of their own. Each throws a UsageError with the fact only. */
import { parseCount, parseInteger } from '../../engine/config/integer.ts'
import type { NamespaceMode, RunOptions } from '../../engine/run-options.ts'
import { UsageError } from '../../errors.ts'
import { signalNumber } from '../../linux/abi/signal.ts'
import { SYSCALLS, type SyscallName } from '../../linux/abi/syscalls.ts'
import type { Skip } from '../../plan/step.ts'

export function parseNamespaceMode(text: string): NamespaceMode {
  if (text === 'host' || text === 'private') return text
  if (text === '') return 'private'
  throw new UsageError('invalid mode: it is host or private')
}

export function parsePidMode(text: string): RunOptions['pid'] {
  if (/^container:./.test(text)) return text as RunOptions['pid']
  if (text.startsWith('container')) throw new UsageError('--pid: invalid PID mode')
  return parseNamespaceMode(text)
}

/** @throws UsageError: another container's /dev/shm hangs in its mount namespace, which is nowhere on the host */
export function parseIpcMode(text: string): RunOptions['ipc'] {
  if (text.startsWith('container:')) throw laterContainer()
  return text === 'shareable' || text === 'none' ? text : parseNamespaceMode(text)
}

const laterContainer = (): UsageError =>
  new UsageError("joining another container's IPC namespace comes in a later version of tinyctr")

export function parseOomScore(text: string): number {
  const score = parseInteger(text)
  if (score < -1000 || score > 1000) {
    throw new UsageError(`Invalid value ${score}, range for oom score adj is [-1000, 1000]`)
  }
  return score
}

export function parseSignal(text: string): string {
  if (signalNumber(text) === undefined) throw new UsageError(`invalid signal: ${text}`)
  return text
}

export function parseFolder(text: string): string {
  if (text.startsWith('/')) return text
  throw new UsageError(`the working directory '${text}' is invalid, it needs to be an absolute path`)
}

/** Only its shape: image/platform.ts says what it means. */
export function parsePlatformName(text: string): string {
  if (/^[\w.-]+(?:\/[\w.-]+){0,2}$/.test(text)) return text
  throw new UsageError('expected OS/ARCHITECTURE[/VARIANT], such as linux/arm64')
}

/** Only its shape: engine/user.ts looks it up in the image. */
export function parseUser(text: string): string {
  if (/^(?:[^:\s\0]+(?::[^:\s\0]+)?)?$/.test(text)) return text
  throw new UsageError('expected USER or USER:GROUP')
}

/** @throws UsageError with docker's words */
export function parseStream(text: string): 'stdin' | 'stdout' | 'stderr' {
  const stream = text.toLowerCase()
  if (stream === 'stdin' || stream === 'stdout' || stream === 'stderr') return stream
  throw new UsageError('valid streams are STDIN, STDOUT and STDERR')
}

/** A step of the plan by number, or all that make a call. */
export function parseSkip(text: string): Skip {
  if (/^\d/.test(text)) return parseCount(text)
  if (!Object.hasOwn(SYSCALLS, text)) throw new UsageError('no number of a step and no system call')
  return text as SyscallName
}
