/**
 * A second JavaScript process by clone(2), which goes on in the middle of the function that made it.
 *
 * Two things stand in the way. JavaScriptCore and V8 mark their heaps MADV_DONTFORK, so a copy of the process would
 * lack them: the whole address space is marked MADV_DOFORK again (madvise(2)). And a copy has only the thread that called: the
 * others must not be needed again (single-threaded.ts), nor hold a lock at the moment of the copy.
 *
 * What the child may do: run synchronous JavaScript and FFI calls, and end in execve(2) or exit_group(2). Its event
 * loop is the parent's, by shared descriptors: it must never return to it.
 */
import { foreign } from '#ffi'
import { E } from '../abi/errno.ts'
import type { Kind } from '../abi/kinds.ts'
import { marshalCall } from '../abi/marshal.ts'
import { Segment } from '../abi/segment.ts'
import { SYSCALLS, type SyscallName } from '../abi/syscalls.ts'
import { architecture, attempt, call } from '../call.ts'
import { listFolder, readText, readTextIfAny } from '../file.ts'

const COLUMN = architecture === 'arm64' ? 1 : 0
const MADVISE = SYSCALLS.madvise[COLUMN]
const MADV_DOFORK = 11

const memory = new Uint8Array(4096)
const segment = new Segment(memory, foreign.addressOf(memory))

/**
 * clone3(2) or clone(2), without CLONE_VM.
 * @returns 0 in the child, its process id in the parent, or -errno
 */
export function fork(name: SyscallName, args: readonly unknown[]): number {
  const row = SYSCALLS[name] as readonly unknown[]
  segment.reset()
  const kinds = row.slice(2) as (readonly [string, Kind])[]
  const words = marshalCall(segment, kinds, args, architecture).map((register) =>
    register.is === 'data' ? segment.base + register.offset : register.is === 'value' ? register.value : 0,
  )
  const number = row[COLUMN] as number
  spans ??= findSpans()
  awaitIdleThreads()
  // Nothing may be allocated from here on: memory that is new after the madvise would be missing from the copy.
  for (let i = 0; i < spans.length; i++) madvise(spans[i] as Span)
  return foreign.syscall(number, words[0], words[1], words[2], words[3], words[4])
}

interface Span {
  readonly start: number
  readonly length: number
}

/** In holes of a span the call has nothing to do, says so (ENOMEM) and goes on. */
const madvise = ({ start, length }: Span): number => foreign.syscall(MADVISE, start, length, MADV_DOFORK)

/** The address space but for the mappings that refuse, where the call would stop: the kernel's own ([vvar]). */
let spans: Span[] | undefined

function findSpans(): Span[] {
  const found: Span[] = []
  let start = 0
  let last = 0
  // proc_pid_maps(5): `7f0012a000-7f0012b000 rw-p ...`. Addresses of programs end below 2^53.
  for (const [, from, to] of readText('/proc/self/maps').matchAll(/^([0-9a-f]{1,13})-([0-9a-f]{1,13}) /gm)) {
    const mapping = { start: Number.parseInt(from as string, 16), end: Number.parseInt(to as string, 16) }
    if (madvise({ start: mapping.start, length: mapping.end - mapping.start }) === -E.INVAL) {
      found.push({ start, length: mapping.start - start })
      start = mapping.end
    }
    last = mapping.end
  }
  return [...found, { start, length: last - start }].filter((span) => span.length > 0)
}

const IDLE_TRIES = 100

/** A thread that sleeps holds no lock of the allocator; one that runs, or waits for a page, might: its copy would for ever. */
function awaitIdleThreads(): void {
  const own = String(call('getpid', []))
  const isBusy = (thread: string): boolean =>
    thread !== own && /\) [RD] /.test(readTextIfAny(`/proc/self/task/${thread}/stat`) ?? '')
  for (let tries = 0; tries < IDLE_TRIES && listFolder('/proc/self/task').some(isBusy); tries++) sleep(1)
}

/** Without the event loop, and without Atomics.wait, which a thread pool may serve. */
export function sleep(milliseconds: number): void {
  const duration = new Uint8Array(16)
  new DataView(duration.buffer).setBigInt64(8, BigInt(milliseconds * 1_000_000), true)
  attempt('ppoll', [null, 0, duration, null, 0])
}

/** Until a signal ends us. */
export function sleepForEver(): never {
  for (;;) attempt('ppoll', [null, 0, null, null, 0])
}

export function exit(code: number): never {
  for (;;) attempt('exit_group', [code])
}
