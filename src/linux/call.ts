/**
 * System calls from TypeScript, each typed by its row in abi/syscalls.ts:
 *
 *     const fd = call('openat', [AT.FDCWD, '/proc/self/ns/mnt', O.RDONLY | O.CLOEXEC, 0])
 *
 * Lengths that follow from a neighbour (kinds `sizeof`, `countof`) are left out. Buffers the kernel fills (`out`) are
 * the caller's Uint8Array.
 */
import { foreign } from '#ffi'
import type { Architecture } from './abi/arch.ts'
import { E } from './abi/errno.ts'
import type { Kind } from './abi/kinds.ts'
import { marshal, type Register } from './abi/marshal.ts'
import { printCall } from './abi/print-call.ts'
import { Segment } from './abi/segment.ts'
import { type ArgumentsOf, SYSCALLS, type SyscallName } from './abi/syscalls.ts'
import { KernelError } from './kernel-error.ts'

export const architecture: Architecture = process.arch === 'arm64' ? 'arm64' : 'x64'
const NUMBER_COLUMN = architecture === 'arm64' ? 1 : 0

/** Arguments over this size are passed in place: such arrays do not move (ffi/port.ts). */
const STABLE_BYTES = 1001

/** Told of every call and its answer (premises.ts). */
export type Observer = (name: SyscallName, args: readonly unknown[], result: number) => void
let observer: Observer | undefined

export function observe(next: Observer | undefined): void {
  observer = next
}

const memory = new Uint8Array(128 * 1024)
const arena = new Segment(memory, foreign.addressOf(memory))

/** One system call; its result, or -errno. EINTR is returned like any other. */
export function attempt<Name extends SyscallName>(name: Name, args: ArgumentsOf<Name>): number {
  const row = SYSCALLS[name] as readonly unknown[]
  const words: (number | bigint)[] = []
  const copiesOut: { buffer: Uint8Array; offset: number }[] = []
  let lastSize = 0
  let countAt = -1
  let next = 0
  arena.reset()
  for (let i = 2; i < row.length; i++) {
    const kind = (row[i] as readonly [string, Kind])[1]
    if (kind === 'sizeof') {
      words.push(lastSize)
      continue
    }
    if (kind === 'countof') {
      countAt = words.length
      words.push(0)
      continue
    }
    const argument = (args as readonly unknown[])[next++]
    if (argument instanceof Uint8Array && argument.length >= STABLE_BYTES && kind !== 'path') {
      lastSize = argument.length
      words.push(foreign.addressOf(argument))
      continue
    }
    const register = marshal(arena, kind, argument, architecture)
    if (kind === 'out' && argument instanceof Uint8Array && register.is === 'data') {
      copiesOut.push({ buffer: argument, offset: register.offset })
    }
    if (register.is === 'data') lastSize = register.size
    if (countAt >= 0) {
      words[countAt] = lastSize
      countAt = -1
    }
    words.push(wordOf(register))
  }
  const result = foreign.syscall(
    row[NUMBER_COLUMN] as number,
    words[0],
    words[1],
    words[2],
    words[3],
    words[4],
    words[5],
  )
  for (const { buffer, offset } of copiesOut) buffer.set(memory.subarray(offset, offset + buffer.length))
  observer?.(name, args as readonly unknown[], result)
  return result
}

function wordOf(register: Register): number | bigint {
  if (register.is === 'data') return arena.base + register.offset
  if (register.is === 'value') return register.value
  throw new TypeError(`$${register.slot.slot} is a slot of a plan: a direct call takes the number itself`)
}

/**
 * One system call; its result. Interrupted calls (EINTR) are made again.
 * @throws KernelError with the decoded call and errno.
 */
export function call<Name extends SyscallName>(name: Name, args: ArgumentsOf<Name>): number {
  let result = attempt(name, args)
  while (result === -E.INTR) result = attempt(name, args)
  if (result < 0 && result >= -4095) throw new KernelError(name, -result, printCall(name, args))
  return result
}
