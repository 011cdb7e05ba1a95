/**
 * System calls from TypeScript, each typed by its row in abi/syscalls.ts:
 *
 *     const fd = call('openat', [AT.FDCWD, '/proc/self/ns/mnt', O.RDONLY | O.CLOEXEC, 0])
 *
 * Lengths that follow from a neighbour (kinds `sizeof`, `countof`) are left out. Buffers the kernel fills (`out`) are
 * the caller's Uint8Array.
 */
import { foreign } from '#ffi'
import { type Architecture, translateOpenFlags } from './abi/arch.ts'
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

/** Paths, of which unpacking and `ps` have thousands: copied here and nowhere else. */
const paths = new Uint8Array(16 * 1024)
const pathsBase = foreign.addressOf(paths)
const encoder = new TextEncoder()

interface Row {
  readonly number: number
  readonly kinds: readonly Kind[]
}

const rows: Partial<Record<SyscallName, Row>> = {}

function rowOf(name: SyscallName): Row {
  const [...columns] = SYSCALLS[name] as readonly unknown[]
  const parameters = columns.slice(2) as (readonly [name: string, kind: Kind])[]
  const row = { number: columns[NUMBER_COLUMN] as number, kinds: parameters.map(([, kind]) => kind) }
  rows[name] = row
  return row
}

/** One system call; its result, or -errno. EINTR is returned like any other. */
export function attempt<Name extends SyscallName>(name: Name, args: ArgumentsOf<Name>): number {
  const { number, kinds } = rows[name] ?? rowOf(name)
  const words: (number | bigint)[] = []
  let copiesOut: { buffer: Uint8Array; offset: number }[] | undefined
  let usesArena = false
  let pathsEnd = 0
  let lastSize = 0
  let countAt = -1
  let next = 0
  for (let i = 0; i < kinds.length; i++) {
    const kind = kinds[i]!
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
    // Most arguments of most calls, without a detour.
    if (typeof argument === 'number') {
      words.push(kind === 'O' ? translateOpenFlags(argument, architecture) : argument)
      continue
    }
    if (argument instanceof Uint8Array) {
      const { length } = argument
      if (kind === 'path' && pathsEnd + length < paths.length) {
        paths.set(argument, pathsEnd)
        paths[pathsEnd + length] = 0
        words.push(pathsBase + pathsEnd)
        lastSize = length
        pathsEnd += length + 1
        continue
      }
      if (length >= STABLE_BYTES && kind !== 'path') {
        lastSize = length
        words.push(foreign.addressOf(argument))
        continue
      }
    }
    if (kind === 'path' && typeof argument === 'string' && pathsEnd + argument.length * 3 < paths.length) {
      const { written } = encoder.encodeInto(argument, pathsEnd === 0 ? paths : paths.subarray(pathsEnd))
      paths[pathsEnd + written] = 0
      words.push(pathsBase + pathsEnd)
      lastSize = 0
      pathsEnd += written + 1
      continue
    }
    if (!usesArena) arena.reset()
    usesArena = true
    const register = marshal(arena, kind, argument, architecture)
    if (kind === 'out' && argument instanceof Uint8Array && register.is === 'data') {
      copiesOut ??= []
      copiesOut.push({ buffer: argument, offset: register.offset })
    }
    if (register.is === 'data') lastSize = register.size
    if (countAt >= 0) {
      words[countAt] = lastSize
      countAt = -1
    }
    words.push(wordOf(register))
  }
  const result = foreign.syscall(number, words[0], words[1], words[2], words[3], words[4], words[5])
  for (const { buffer, offset } of copiesOut ?? [])
    buffer.set(memory.subarray(offset, offset + buffer.length))
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
