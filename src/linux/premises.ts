/**
 * What a start is prepared from. Preparing is a pure function of the command line and of what system calls answer; so
 * the calls and their answers, written down while a start is prepared, are all that must hold for its plan to hold.
 * The next start of the same command line asks the kernel the same questions (native/start.c) and prepares nothing.
 *
 * Only calls that look are premises. One that changes something, or an answer that came another way (node:fs, the
 * network), spoils the recording: such a start is prepared anew each time.
 */
import { O } from './abi/arch.ts'
import { E } from './abi/errno.ts'
import { AF, TIOC } from './abi/flags.ts'
import type { Kind } from './abi/kinds.ts'
import { SYSCALLS, type SyscallName } from './abi/syscalls.ts'
import { observe } from './call.ts'

export interface Premise {
  readonly name: SyscallName
  readonly args: readonly unknown[]
  readonly result: number
  /** What the kernel wrote, as far as it counts. */
  answer: { readonly offset: number; readonly bytes: Uint8Array }[]
}

interface Recording {
  readonly premises: Premise[]
  spoiled: boolean
}

let recording: Recording | undefined

/** Every system call from here to `endPremises` is written down. */
export function beginPremises(): void {
  recording = { premises: [], spoiled: false }
  observe(note)
}

/** @returns undefined when something happened that cannot be asked again */
export function endPremises(): readonly Premise[] | undefined {
  observe(undefined)
  const ended = recording
  recording = undefined
  return ended && !ended.spoiled ? ended.premises : undefined
}

/** Whether a start is being prepared that may be kept. */
export const noting = (): boolean => recording !== undefined && !recording.spoiled

/** What comes now depends on more than system calls. */
export function spoilPremises(): void {
  if (recording) recording.spoiled = true
}

/** Of the last answer only these bytes were looked at: the rest (a time, a count) may change. */
export function lookedAt(...ranges: (readonly [offset: number, length: number])[]): void {
  const last = recording?.premises.at(-1)
  const whole = last?.answer[0]?.bytes
  if (last && whole)
    last.answer = ranges.map(([offset, length]) => ({
      offset,
      bytes: whole.subarray(offset, offset + length),
    }))
}

/** Work whose answers a start does not depend on, or does not depend on alone (a cache, a sweep). */
export function apart<T>(work: () => T): T {
  const during = recording
  const goOn = (): void => {
    recording = during
  }
  recording = undefined
  let result: T | undefined
  try {
    result = work()
    if (result instanceof Promise) result = result.finally(goOn) as T
    return result
  } finally {
    if (!(result instanceof Promise)) goOn()
  }
}

/** These return how much they wrote. */
const COUNTED = new Set<SyscallName>(['read', 'getdents64', 'readlinkat', 'recvfrom'])

const LOOKS = new Set<SyscallName>([
  ...COUNTED,
  'close',
  'faccessat2',
  'getegid',
  'geteuid',
  'getppid',
  'pidfd_open',
  'sched_getaffinity',
  'statfs',
  'statx',
  'uname',
])

function note(name: SyscallName, args: readonly unknown[], result: number): void {
  if (!recording) return
  if (name === 'mkdirat') {
    noteFolder(args, result)
    return
  }
  if (!looksOnly(name, args) && !takes(name, result)) recording.spoiled = true
  if (recording.spoiled) return
  const buffer = args.find((argument, i) => isRoom(name, i, argument)) as Uint8Array | undefined
  const length = result < 0 || !buffer ? 0 : COUNTED.has(name) ? result : buffer.length
  recording.premises.push({
    name,
    args,
    result,
    answer: buffer && length > 0 ? [{ offset: 0, bytes: buffer.slice(0, length) }] : [],
  })
}

/**
 * A folder that is there, now at the latest. Asked again where it is not, it is made, and the start prepared anew. Without
 * the folder above (ENOENT), that one is made and the call comes again.
 */
function noteFolder(args: readonly unknown[], result: number): void {
  if (result === 0 || result === -E.EXIST)
    recording?.premises.push({ name: 'mkdirat', args, result: -E.EXIST, answer: [] })
  else if (result !== -E.NOENT) spoilPremises()
}

/**
 * Done again by the next: an address that was free, and is ours (or that start is prepared anew); a file descriptor put
 * where the plan looks for it, which is nobody's but ours.
 */
const takes = (name: SyscallName, result: number): boolean =>
  (name === 'symlinkat' && result === 0) || (name === 'dup3' && result >= 0)

/** A netlink message that changes nothing: of rtnetlink every fourth type asks, of nf_tables GETTABLE. */
function asks(bytes: Uint8Array): boolean {
  const type = bytes[4]! | (bytes[5]! << 8)
  return type === NFT_MSG_GETTABLE || (type >= RTM_BASE && type < 0x100 && type % 4 === 2)
}

const RTM_BASE = 16
const STANDARD_ERROR = 2
const NFT_MSG_GETTABLE = 0xa01

function looksOnly(name: SyscallName, args: readonly unknown[]): boolean {
  if (LOOKS.has(name)) return true
  const reads = (flags: unknown): boolean =>
    typeof flags === 'number' &&
    (flags & (O.WRONLY | O.RDWR | O.CREAT | O.TRUNC)) === 0 &&
    (flags & O.CLOEXEC) !== 0
  if (name === 'openat') return reads(args[2])
  if (name === 'openat2') return reads((args[2] as { flags?: number }).flags)
  if (name === 'prlimit64') return args[2] === null
  if (name === 'socket') return args[0] === AF.NETLINK
  // Words for whoever looks on are said again.
  if (name === 'write') return args[0] === STANDARD_ERROR
  if (name === 'sendto') return args[1] instanceof Uint8Array && asks(args[1])
  return name === 'ioctl' && args[1] === TIOC.GWINSZ
}

/** Whether the kernel writes its answer here: an `out` buffer, or bytes for an argument of any kind (ioctl). */
export function isRoom(name: SyscallName, place: number, argument: unknown): argument is Uint8Array {
  if (!(argument instanceof Uint8Array)) return false
  const kinds = SYSCALLS[name].slice(2) as (readonly [string, Kind])[]
  const given = kinds.filter(([, kind]) => kind !== 'sizeof' && kind !== 'countof')
  const kind = given[place]?.[1]
  return kind === 'out' || kind === 'word'
}
