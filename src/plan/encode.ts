/** A plan as bytes (wire.ts): what the native executor maps and runs. */
import type { Architecture } from '../linux/abi/arch.ts'
import { isNamed, isSlot, type Kind, type Slot } from '../linux/abi/kinds.ts'
import { marshal, marshalCall, type Register } from '../linux/abi/marshal.ts'
import { isBatch } from '../linux/abi/netlink/messages.ts'
import { Segment } from '../linux/abi/segment.ts'
import { SYSCALLS } from '../linux/abi/syscalls.ts'
import { encodeMonitor, encodeSlots, type MonitorOptions, type Stream } from './detached.ts'
import { type Encoder, fill, putArgument, read, record } from './encode-record.ts'
import { repetition, repetitionsOf } from './repetition.ts'
import {
  type CallStep,
  CHANNEL,
  type ComposedStep,
  isEach,
  PID,
  type Plan,
  START,
  type Step,
  VERDICT,
} from './step.ts'
import { FLAG, HEADER, MAGIC, OP, RECORD, ROLE } from './wire.ts'

export interface EncodeOptions {
  readonly architecture: Architecture
  readonly terminal?: boolean
  readonly interactive?: boolean
  /** The container gets a monitor of its own; `pipes` are those of its streams that go there. */
  readonly monitor?: MonitorOptions
  readonly pipes?: readonly Stream[]
  /** How the executor starts the front end to explain a failure, and what it needs to compile the plan again. */
  readonly explain: {
    readonly argv: readonly string[]
    readonly envp: readonly string[]
    /** The same object as an argument of a step is laid out once. */
    readonly source: string | Uint8Array
  }
}

const HEADER_SIZE = HEADER.length * 4
const ROLES = { container: ROLE.CONTAINER, relay: ROLE.RELAY, init: ROLE.INIT, holder: ROLE.HOLDER } as const
const OPERATIONS = {
  spawn: OP.SPAWN,
  remove_tree: OP.REMOVE_TREE,
  remove_cgroup: OP.REMOVE_CGROUP,
  copy_tree: OP.COPY_TREE,
  hook: OP.HOOK,
  netlink: OP.NETLINK,
  linger: OP.NETLINK,
  companion: OP.COMPANION,
} as const
const INITIAL_SIZE = 64 * 1024

export function encodePlan(plan: Plan, options: EncodeOptions): Uint8Array {
  const segment = new Segment(new Uint8Array(INITIAL_SIZE), 0)
  const records = new Segment(new Uint8Array(INITIAL_SIZE), 0)
  const encoder: Encoder = { segment, records, cells: new Map(), architecture: options.architecture }
  // Data begins behind the header; records are put behind the data at the end, so nothing in the data moves.
  segment.reserve(HEADER_SIZE)
  const pidCell = fill(encoder, PID)
  const channelCell = fill(encoder, CHANNEL)
  const verdictCell = fill(encoder, VERDICT)
  const startCell = fill(encoder, START)
  encodeSlots(encoder)
  const counts: number[] = []
  let number = 0
  for (const half of [plan.host, plan.container, plan.cleanup]) {
    for (const step of half) encodeStep(encoder, step, ++number)
    counts.push(records.length / RECORD.size)
  }
  const monitor = options.monitor ? encodeMonitor(encoder, options.monitor, options.pipes ?? []) : 0
  const argv = marshal(segment, 'argv', options.explain.argv, options.architecture)
  const envp = marshal(segment, 'argv', options.explain.envp, options.architecture)
  const given = options.explain.source
  const sourceBytes = typeof given === 'string' ? new TextEncoder().encode(given) : given
  const source = segment.blob(sourceBytes)
  const recordsAt = segment.reserve(records.length)
  segment.bytes.set(records.bytes.subarray(0, records.length), recordsAt)
  const relocationsAt = segment.reserve(segment.relocations.length * 4)
  segment.relocations.forEach((offset, i) => {
    segment.view.setUint32(relocationsAt + i * 4, offset, true)
  })
  const [hostEnd = 0, containerEnd = 0, cleanupEnd = 0] = counts
  const header: Record<(typeof HEADER)[number], number> = {
    magic: MAGIC,
    flags: (options.terminal ? FLAG.TERMINAL : 0) | (options.interactive ? FLAG.INTERACTIVE : 0),
    size: segment.length,
    records: recordsAt,
    host_end: hostEnd,
    container_end: containerEnd,
    cleanup_end: cleanupEnd,
    relocations: relocationsAt,
    relocation_count: segment.relocations.length,
    pid_cell: pidCell,
    channel_cell: channelCell,
    verdict_cell: verdictCell,
    start_cell: startCell,
    explain_argv: argv.is === 'data' ? argv.offset : 0,
    explain_envp: envp.is === 'data' ? envp.offset : 0,
    source,
    source_size: sourceBytes.length,
    monitor,
  }
  HEADER.forEach((field, i) => {
    segment.view.setUint32(i * 4, header[field], true)
  })
  return segment.bytes.subarray(0, segment.length)
}

function encodeStep(encoder: Encoder, step: Step, number: number): void {
  if (step.is === 'skipped') {
    if (step.instead.is !== 'call') return
    const { into } = step.instead
    for (const cell of isEach(into) ? into.each : [into]) if (cell) fill(encoder, cell as Slot)
  } else if (step.is === 'barrier') {
    const registers: Register[] = [{ is: 'value', value: step.barrier }]
    record(encoder, { op: step.action === 'wait' ? OP.WAIT : OP.SIGNAL, step: number, registers })
  } else if (step.is === 'composed') {
    encodeComposed(encoder, step, number)
  } else {
    const repetitions = repetitionsOf(step)
    encodeCall(encoder, step, number, 0)
    if (repetitions === 1) return
    const varying = varyingArguments(step)
    const numbers =
      varying?.length === 1 && !isEach(step.into) ? numbersOf(step.args[varying[0]!]) : undefined
    if (numbers) {
      repeatWithNumbers(encoder, varying![0]!, numbers)
      return
    }
    for (let i = 1; i < repetitions; i++) {
      if (varying) repeatCall(encoder, step, varying, i)
      else encodeCall(encoder, step, number, i)
    }
  }
}

/** The places of the arguments that differ, where the rest of the record does not depend on them. */
function varyingArguments(step: CallStep): readonly number[] | undefined {
  const kinds = (SYSCALLS[step.call] as readonly unknown[]).slice(2) as (readonly [string, Kind])[]
  if (kinds.some(([, kind]) => kind === 'sizeof' || kind === 'countof')) return undefined
  const varying: number[] = []
  for (let i = 0; i < step.args.length; i++) {
    const argument = step.args[i]
    if (!isEach(argument)) continue
    if (argument.each.some(hasFixups)) return undefined
    varying.push(i)
  }
  return varying
}

/** Whether something must be filled in, by a record of its own, before the call. */
const hasFixups = (argument: unknown): boolean =>
  typeof argument === 'object' && argument !== null && !isSlot(argument) && !isNamed(argument)

/** The values of an `each` of plain numbers. Those of flags of openat(2) are not the same on every machine. */
function numbersOf(argument: unknown): number[] | undefined {
  const numbers: number[] = []
  for (const one of isEach(argument) ? argument.each : []) {
    if (!isNamed(one) || typeof one.value !== 'number' || one.value < 0 || one.value > 0xffffffff)
      return undefined
    numbers.push(one.value)
  }
  return numbers
}

/** The record before, once for each number but the first: half the records of a usual plan (signals, capabilities). */
function repeatWithNumbers({ records }: Encoder, place: number, numbers: readonly number[]): void {
  const first = records.length - RECORD.size
  records.reserve((numbers.length - 1) * RECORD.size)
  const { bytes, view } = records
  const word = first + RECORD.args + place * 8
  for (let i = 1; i < numbers.length; i++) {
    const offset = i * RECORD.size
    bytes.copyWithin(first + offset, first, first + RECORD.size)
    view.setUint32(word + offset, numbers[i]!, true)
  }
}

/** The record before, with the arguments that differ. */
function repeatCall(encoder: Encoder, step: CallStep, varying: readonly number[], i: number): void {
  const { records, segment, architecture } = encoder
  const at = records.reserve(RECORD.size)
  records.bytes.copyWithin(at, at - RECORD.size, at)
  const row = SYSCALLS[step.call] as readonly unknown[]
  for (const place of varying) {
    const kind = (row[place + 2] as readonly [string, Kind])[1]
    putArgument(encoder, at, place, marshal(segment, kind, repetition(step.args[place], i), architecture))
  }
  const into = repetition(step.into, i)
  if (into) records.view.setUint32(at + RECORD.into, fill(encoder, into), true)
}

function encodeCall(encoder: Encoder, step: CallStep, number: number, i: number): void {
  const row = SYSCALLS[step.call] as readonly unknown[]
  const kinds = row.slice(2) as (readonly [string, Kind])[]
  const args = step.args.map((argument) => repetition(argument, i))
  const registers = marshalCall(encoder.segment, kinds, args, encoder.architecture)
  recordFixups(encoder, number)
  const into = repetition(step.into, i)
  record(encoder, {
    op: OP.CALL,
    step: number,
    registers,
    number: row[encoder.architecture === 'arm64' ? 1 : 0] as number,
    tolerated: step.tolerate ?? [],
    ...(step.role ? { role: ROLES[step.role] } : {}),
    ...(into ? { into: fill(encoder, into) } : {}),
    ...(step.unless ? { unless: read(encoder, step.unless) } : {}),
  })
}

/** Records that fill in what only the run knows, before the record that needs it. */
function recordFixups(encoder: Encoder, number: number): void {
  for (const fixup of encoder.segment.takeFixups()) {
    const words =
      fixup.kind === 'copy'
        ? [read(encoder, fixup.slot), fixup.offset, fixup.width]
        : [read(encoder, fixup.template.slot), fixup.offset, fixup.before, fixup.after]
    const op = fixup.kind === 'copy' ? OP.COPY : OP.FORMAT
    record(encoder, {
      op,
      step: number,
      registers: words.map((value) => ({ is: 'value', value })),
      ...(fixup.kind === 'format' && fixup.length ? { into: fill(encoder, fixup.length) } : {}),
    })
  }
}

function encodeComposed(encoder: Encoder, step: ComposedStep, number: number): void {
  const registers: Register[] = []
  for (const argument of step.args) {
    const kind = Array.isArray(argument) ? 'argv' : 'path'
    const register = marshal(encoder.segment, kind, argument, encoder.architecture)
    registers.push(register)
    if (isBatch(argument) && register.is === 'data') registers.push({ is: 'value', value: register.size })
  }
  recordFixups(encoder, number)
  record(encoder, {
    op: OPERATIONS[step.operation],
    step: number,
    registers,
    tolerated: step.tolerate ?? [],
    ...(step.into ? { into: fill(encoder, step.into) } : {}),
  })
}
