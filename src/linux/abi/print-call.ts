/** System calls as strace(1) prints them: `move_mount($tree, "", $target, "", F_EMPTY_PATH|T_EMPTY_PATH)`. */
import { O } from './arch.ts'
import * as flags from './flags.ts'
import {
  type AnyStruct,
  type CapabilityData,
  type Family,
  isNamed,
  isSlot,
  isTemplate,
  type Kind,
  type ScmRights,
  type Timespec,
} from './kinds.ts'
import { isBatch } from './netlink/messages.ts'
import { printBatch } from './netlink/print.ts'
import { signalName } from './signal.ts'
import { layoutOf, STRUCTS, type StructName, type StructValue } from './structs.ts'
import { SYSCALLS, type SyscallName } from './syscalls.ts'

const families: Record<string, Record<string, number> | number> = { ...flags, O }

/** Families whose values are a choice, not bits to be or-ed. */
const CHOICES = new Set([
  'FSCONFIG',
  'PR',
  'RLIMIT',
  'F',
  'SEEK',
  'SIG',
  'P',
  'AF',
  'IOPRIO_WHO',
  'RT_SCOPE',
  'NFPROTO',
  'SOL',
])
/** Constants whose header name is the family's prefix without an underscore: `WNOHANG`. */
const BARE_PREFIX = new Set(['TC', 'TIOC', 'SIOC', 'W'])
const FILE_TYPES = ['IFSOCK', 'IFLNK', 'IFREG', 'IFBLK', 'IFDIR', 'IFCHR', 'IFIFO'] as const
const LONGEST_TEXT = 160

/** The name in the kernel's headers: `O_PATH`, `WNOHANG`, `__WALL`, `MOUNT_ATTR__ATIME`. */
export const constantName = (family: string, key: string): string => {
  if (key.startsWith('__')) return key
  return BARE_PREFIX.has(family) ? family + key : `${family}_${key}`
}

/** Flags by name, the rest as hex: `MS_NOSUID|MS_NODEV`. */
export function printFlags(family: Family, value: number | bigint): string {
  const members = families[family]
  if (typeof members !== 'object') return String(value)
  if (CHOICES.has(family)) {
    const key = Object.keys(members).find((name) => members[name] === Number(value))
    return key === undefined ? String(value) : constantName(family, key)
  }
  let rest = BigInt(value)
  const names: string[] = []
  for (const [key, bits] of Object.entries(members).sort((a, b) => b[1] - a[1])) {
    if (bits > 0 && (rest & BigInt(bits)) === BigInt(bits)) {
      names.unshift(constantName(family, key))
      rest &= ~BigInt(bits)
    }
  }
  const zero = Object.keys(members).find((name) => members[name] === 0)
  if (names.length === 0 && rest === 0n) return zero === undefined ? '0' : constantName(family, zero)
  if (family === 'O' && (BigInt(value) & 3n) === 0n && !names.includes('O_PATH')) names.unshift('O_RDONLY')
  if (rest !== 0n) names.push(`0x${rest.toString(16)}`)
  return names.join('|')
}

const printText = (text: string): string =>
  JSON.stringify(text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}...` : text)

const octal = (mode: number): string => (mode === 0 ? '0' : `0${mode.toString(8)}`)

function printBytes(bytes: Uint8Array): string {
  const shown = [...bytes.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
  return bytes.every((byte) => byte >= 0x20 && byte < 0x7f)
    ? printText(new TextDecoder().decode(bytes))
    : `<${bytes.length} bytes${bytes.length > 0 ? `: ${shown}${bytes.length > 8 ? ' ...' : ''}` : ''}>`
}

function printFileMode(mode: number): string {
  const type = FILE_TYPES.find((name) => (mode & flags.S.IFMT) === flags.S[name])
  return type === undefined ? octal(mode) : `S_${type}|${octal(mode & ~flags.S.IFMT)}`
}

const major = (dev: number): number => (dev >> 8) & 0xfff
const minor = (dev: number): number => (dev & 0xff) | ((dev >> 12) & 0xfff00)

/** Fields that read better than as decimal numbers. */
const FIELD_PRINTERS: Record<string, (value: number) => string> = {
  mode: octal,
  exit_signal: signalName,
  version: (version) => `0x${version.toString(16)}`,
  sin_port: (port) => `htons(${((port & 0xff) << 8) | (port >> 8)})`,
  sin_addr: (address) => `"${[0, 8, 16, 24].map((shift) => (address >>> shift) & 0xff).join('.')}"`,
}

function printStruct(name: StructName, fields: StructValue): string {
  const parts = layoutOf(name)
    .fields.filter((field) => fields[field.name] !== undefined)
    .map((field) => {
      const given = fields[field.name]
      const printed =
        typeof given === 'string'
          ? printText(given)
          : given instanceof Uint8Array
            ? printBytes(given)
            : typeof given === 'object'
              ? printArgument('word', given)
              : field.family
                ? printFlags(field.family, given as number | bigint)
                : FIELD_PRINTERS[field.name]
                  ? (FIELD_PRINTERS[field.name] as (n: number) => string)(Number(given))
                  : String(given)
      return `${field.name}=${printed}`
    })
  return `{${parts.join(', ')}}`
}

const printSet = (set: bigint): string => `0x${set.toString(16)}`
const printCapabilities = (sets: CapabilityData): string =>
  `{effective=${printSet(sets.effective)}, permitted=${printSet(sets.permitted)}, inheritable=${printSet(sets.inheritable)}}`

/** One argument of any kind. */
export function printArgument(kind: Kind, argument: unknown): string {
  if (argument === null || argument === undefined) return 'NULL'
  if (isSlot(argument)) return `$${argument.slot}`
  if (isTemplate(argument)) return `"${argument.before}$${argument.slot.slot}${argument.after}"`
  if (isNamed(argument)) return argument.name
  if (typeof argument === 'string') return printText(argument)
  if (argument instanceof Uint8Array) return printBytes(argument)
  if (isBatch(argument)) return printBatch(argument, printFlags)
  if (typeof argument === 'bigint') return String(argument)
  if (typeof argument === 'number') return printNumber(kind, argument)
  switch (kind) {
    case 'argv':
      return printList(argument as readonly unknown[], (text) => printArgument('path', text))
    case 'gids':
      return printList(argument as readonly unknown[], String)
    case 'cap_data':
      return printCapabilities(argument as CapabilityData)
    case 'scm_rights': {
      const message = argument as ScmRights
      const { bytes } = message
      const text = Array.isArray(bytes)
        ? bytes.map((part) => printArgument('bytes', part)).join(' ')
        : printArgument('bytes', bytes)
      return `{${text}, SCM_RIGHTS=[${message.fds.map((fd) => printArgument('fd', fd)).join(', ')}]}`
    }
    case 'timespec2':
      return `[${(argument as readonly Timespec[]).map((time) => `${time.seconds}.${String(time.nanoseconds).padStart(9, '0')}`).join(', ')}]`
    default: {
      if (kind in STRUCTS && kind !== 'bpf_attr')
        return printStruct(kind as StructName, argument as StructValue)
      const any = argument as AnyStruct
      return printStruct(any.struct, any.fields)
    }
  }
}

const LONGEST_LIST = 6
function printList(items: readonly unknown[], print: (item: unknown) => string): string {
  const shown = items.slice(0, LONGEST_LIST).map(print)
  return `[${shown.join(', ')}${items.length > LONGEST_LIST ? `, ... ${items.length} in all` : ''}]`
}

function printNumber(kind: Kind, value: number): string {
  switch (kind) {
    case 'dirfd':
      return value === flags.AT.FDCWD ? 'AT_FDCWD' : String(value)
    case 'mode':
      return octal(value)
    case 'filemode':
      return printFileMode(value)
    case 'dev':
      return `makedev(${major(value)}, ${minor(value)})`
    case 'signal':
      return value === 0 ? '0' : signalName(value)
    case 'ioctl':
      return (
        [
          ...Object.entries(flags.TC).map(([key, code]) => [`TC${key}`, code] as const),
          ...Object.entries(flags.TIOC).map(([key, code]) => [`TIOC${key}`, code] as const),
          ...Object.entries(flags.SIOC).map(([key, code]) => [`SIOC${key}`, code] as const),
        ].find(([, code]) => code === value)?.[0] ?? `0x${value.toString(16)}`
      )
    case 'OPEN_TREE|AT':
      return [
        printFlags('OPEN_TREE', value & (flags.OPEN_TREE.CLONE | flags.OPEN_TREE.CLOEXEC)),
        printFlags('AT', value & ~(flags.OPEN_TREE.CLONE | flags.OPEN_TREE.CLOEXEC)),
      ]
        .filter((part) => part !== '0')
        .join('|')
    default:
      return kind in families ? printFlags(kind as Family, value) : String(value)
  }
}

/** A whole call. Lengths that follow from a neighbour are left out, as builders leave them out. */
export function printCall(name: SyscallName, args: readonly unknown[]): string {
  const row = SYSCALLS[name] as readonly unknown[]
  const explicit = row.slice(2).filter((argument) => {
    const kind = (argument as readonly [string, Kind])[1]
    return kind !== 'sizeof' && kind !== 'countof'
  })
  const printed = explicit.map((argument, i) =>
    printArgument((argument as readonly [string, Kind])[1], args[i]),
  )
  // prctl(2) and its like take five words of which most are zero: strace drops them, so do we.
  while (printed.length > 1 && (printed.at(-1) === '0' || printed.at(-1) === 'NULL') && name === 'prctl')
    printed.pop()
  return `${name}(${printed.join(', ')})`
}
