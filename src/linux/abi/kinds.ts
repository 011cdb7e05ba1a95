/**
 * The kinds of system call arguments and the TypeScript value each takes.
 *
 * A kind is either a way to pass memory (`path`, `bytes`, `out`, `argv`, a struct), a plain word (`fd`, `int`, `mode`),
 * a family of constants from flags.ts (`CLONE`, `MS`), or a length that follows from a neighbour (`sizeof`, `countof`).
 */
import type * as families from './flags.ts'
import type { StructName, StructValue } from './structs.ts'

/** The result of an earlier step, by name; printed as `$name`. */
export interface Slot {
  readonly slot: string
}

/** Text with one slot's number inside: `/proc/$pid/uid_map`. */
export interface Template {
  readonly before: string
  readonly slot: Slot
  readonly after: string
}

/** A number that prints under its kernel name: `CAP_SYS_ADMIN`. */
export interface Named {
  readonly name: string
  readonly value: number
}

/** A struct where the syscall itself takes any pointer, as ioctl(2) does. */
export interface AnyStruct {
  readonly struct: StructName
  readonly fields: StructValue
}

export type Family = Exclude<keyof typeof families, `${string}SET_MODE${string}` | 'FD_CLOEXEC'> | 'O'

/** Lengths the marshaller fills in: the size of the memory before, the count of the items after. */
export type ImplicitKind = 'sizeof' | 'countof'

export type Kind =
  | ImplicitKind
  | 'fd'
  | 'dirfd'
  | 'pid'
  | 'signal'
  | 'int'
  | 'uint'
  | 'mode'
  | 'filemode'
  | 'dev'
  | 'word'
  | 'ioctl'
  | 'path'
  | 'bytes'
  | 'out'
  | 'argv'
  | 'gids'
  | 'cap_data'
  | 'scm_rights'
  | 'timespec2'
  | StructName
  | Family
  | 'OPEN_TREE|AT'

/** Capability sets as bit masks by capability number. */
export interface CapabilityData {
  readonly effective: bigint
  readonly permitted: bigint
  readonly inheritable: bigint
}

/** A message that carries open files over a Unix socket (unix(7), SCM_RIGHTS). */
export interface ScmRights {
  /** Several are one text in the end. */
  readonly bytes: Uint8Array | string | readonly (string | Template)[]
  readonly fds: readonly (number | Slot)[]
}

/** Seconds and nanoseconds since the epoch; `omit` leaves the time as it is (UTIME_OMIT). */
export interface Timespec {
  readonly seconds: number | bigint
  readonly nanoseconds: number
}

export type ValueOf<K extends Kind> = K extends 'fd' | 'dirfd' | 'pid'
  ? number | Slot
  : K extends 'signal' | 'int' | 'uint' | 'mode' | 'filemode' | 'dev' | 'ioctl' | Family | 'OPEN_TREE|AT'
    ? number | Named
    : K extends 'word'
      ? number | bigint | Named | Slot | Uint8Array | string | AnyStruct | null
      : K extends 'path'
        ? string | Uint8Array | Template | null
        : K extends 'bytes'
          ? string | Uint8Array | Template
          : K extends 'out'
            ? Uint8Array | null
            : K extends 'argv'
              ? readonly (string | Template)[]
              : K extends 'gids'
                ? readonly number[]
                : K extends 'cap_data'
                  ? CapabilityData
                  : K extends 'scm_rights'
                    ? ScmRights
                    : K extends 'timespec2'
                      ? readonly [Timespec, Timespec]
                      : K extends 'rlimit64'
                        ? StructValue | null
                        : K extends 'bpf_attr'
                          ? AnyStruct
                          : StructValue

export const isSlot = (value: unknown): value is Slot =>
  typeof value === 'object' && value !== null && 'slot' in value && !('before' in value)
export const isTemplate = (value: unknown): value is Template =>
  typeof value === 'object' && value !== null && 'before' in value
export const isNamed = (value: unknown): value is Named =>
  typeof value === 'object' && value !== null && 'name' in value && 'value' in value
