/**
 * A second JavaScript process by clone3(2), which goes on in the middle of the function that made it.
 *
 * Two things stand in the way. JavaScriptCore and V8 mark their heaps MADV_DONTFORK, so a copy of the process would
 * lack them: every mapping is marked MADV_DOFORK again (madvise(2)). And a copy has only the thread that called: the
 * others must not be needed again (single-threaded.ts), nor hold a lock at the moment of the copy.
 *
 * What the child may do: run synchronous JavaScript and FFI calls, and end in execve(2) or exit_group(2). Its event
 * loop is the parent's, by shared descriptors: it must never return to it.
 */
import { foreign } from '#ffi'
import { O } from '../abi/arch.ts'
import { marshal } from '../abi/marshal.ts'
import { Segment } from '../abi/segment.ts'
import type { StructValue } from '../abi/structs.ts'
import { SYSCALLS } from '../abi/syscalls.ts'
import { architecture, attempt, call } from '../call.ts'
import { listFolder, readTextIfAny } from '../file.ts'

const COLUMN = architecture === 'arm64' ? 1 : 0
const MADVISE = SYSCALLS.madvise[COLUMN]
const CLONE3 = SYSCALLS.clone3[COLUMN]
const MADV_DOFORK = 11

// Made once and large enough to stay where they are: new memory at the last moment would not be copied.
const maps = new Uint8Array(4 * 1024 * 1024)
const memory = new Uint8Array(4096)
const segment = new Segment(memory, foreign.addressOf(memory))

/**
 * clone3(2) without CLONE_VM.
 * @param procFd a /proc in which we are, as a descriptor: `/proc` itself may be another's by now
 * @returns 0 in the child, its process id in the parent, or -errno
 */
export function fork(args: StructValue, procFd: number): number {
  segment.reset()
  const laid = marshal(segment, 'clone_args', args, architecture)
  if (laid.is !== 'data') throw new TypeError('clone_args is a struct')
  awaitIdleThreads()
  // Twice: reading the list may itself have made the heap grow.
  inheritMemory(procFd)
  inheritMemory(procFd)
  return foreign.syscall(CLONE3, segment.base + laid.offset, laid.size)
}

const NEWLINE = 0x0a
const SPACE = 0x20
const DASH = 0x2d

/** Lines of proc_pid_maps(5): `7f0012a000-7f0012b000 rw-p ...`. Read as bytes: strings would be new memory. */
function inheritMemory(procFd: number): void {
  const length = readMaps(procFd)
  let number = 0
  let start = 0
  let inAddresses = true
  for (let i = 0; i < length; i++) {
    const byte = maps[i] as number
    if (byte === NEWLINE) {
      inAddresses = true
      number = 0
    } else if (!inAddresses) {
    } else if (byte === DASH) {
      start = number
      number = 0
    } else if (byte === SPACE) {
      // Fails on the kernel's own pages ([vvar]), which are inherited anyway.
      foreign.syscall(MADVISE, start, number - start, MADV_DOFORK)
      inAddresses = false
    } else {
      number = number * 16 + (byte < 0x3a ? byte - 0x30 : byte - 0x57)
    }
  }
}

function readMaps(procFd: number): number {
  const fd = attempt('openat', [procFd, 'self/maps', O.RDONLY | O.CLOEXEC, 0])
  // Without it (a child of a child, its /proc gone): what that child has was marked when it was made.
  if (fd < 0) return 0
  let length = 0
  for (let got = 1; got > 0 && length < maps.length; length += got)
    got = call('read', [fd, maps.subarray(length)])
  call('close', [fd])
  return length
}

const IDLE_TRIES = 100

/** A thread that sleeps holds no lock of the allocator; one that runs might, and its copy would hold it for ever. */
function awaitIdleThreads(): void {
  const own = String(call('getpid', []))
  const isBusy = (thread: string): boolean =>
    thread !== own && /\) R /.test(readTextIfAny(`/proc/self/task/${thread}/stat`) ?? '')
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
