/** A prepared start as bytes (wire.ts): what native/start.c maps, asks again, and hands to the executor. */
import type { Architecture } from '../abi/arch.ts'
import type { Kind } from '../abi/kinds.ts'
import { marshal, type Register } from '../abi/marshal.ts'
import { Segment } from '../abi/segment.ts'
import { SYSCALLS } from '../abi/syscalls.ts'
import { isRoom, type Premise } from '../premises.ts'
import {
  EXPECT,
  PREMISE,
  PREMISE_ARGUMENT,
  ROOM_BYTES,
  SHORT_ID,
  SHORT_ID_DIGITS,
  START_HEADER,
  START_MAGIC,
} from './wire.ts'

const HEADER_SIZE = START_HEADER.length * 4
const INITIAL_SIZE = 128 * 1024

export interface PreparedStart {
  readonly key: Uint8Array
  readonly premises: readonly Premise[]
  readonly plan: Uint8Array
  /**
   * The container's id, and what else is another each time. Nothing else reads like one of them: wherever it stands, the
   * next start's is to stand.
   */
  readonly words: readonly [id: string, ...string[]]
  readonly architecture: Architecture
  /** What dead containers left is cleaned up first. */
  readonly sweeps: boolean
}

/** @returns undefined when an answer is larger than the reader has room for */
export function encodeStart(start: PreparedStart): Uint8Array | undefined {
  const segment = new Segment(new Uint8Array(INITIAL_SIZE), 0)
  segment.reserve(HEADER_SIZE)
  const key = segment.blob(start.key)
  const questions = start.premises.flatMap(split)
  const cells = new Cells(segment)
  // Laid out behind one another before any data of theirs.
  const premises = segment.reserve(questions.length * PREMISE.size)
  for (let i = 0; i < questions.length; i++)
    if (!putPremise(segment, cells, premises + i * PREMISE.size, questions[i]!, start.architecture))
      return undefined
  const plan = segment.blob(start.plan)
  const relocations = putList(segment, segment.relocations)
  const keyEnd = key + start.key.length
  const end = segment.length
  const words = start.words.flatMap((word, i) => {
    const bytes = segment.bytes.subarray(keyEnd, end)
    const places = i === 0 ? placesOf(word, bytes) : wholePlacesOf(word, bytes)
    // The highest bit stays where it is: no file is that large.
    const list = putList(
      segment,
      places.map((place) => place + keyEnd),
    )
    return [word.length, list, places.length]
  })
  const wordsAt = putList(segment, words)
  const header: Record<(typeof START_HEADER)[number], number> = {
    magic: START_MAGIC,
    size: segment.length,
    key,
    key_size: start.key.length,
    premises,
    premise_count: questions.length,
    relocations,
    relocation_count: segment.relocations.length,
    words: wordsAt,
    word_count: start.words.length,
    plan,
    plan_size: start.plan.length,
    sweeps: start.sweeps ? 1 : 0,
  }
  START_HEADER.forEach((field, i) => {
    segment.view.setUint32(i * 4, header[field], true)
  })
  return segment.bytes.subarray(0, segment.length)
}

/** Asked once for each part of the answer that was looked at. */
const split = (premise: Premise): Premise[] =>
  premise.answer.length < 2 ? [premise] : premise.answer.map((part) => ({ ...premise, answer: [part] }))

/** Calls whose result is a number of this time. */
const NUMBERING = new Set(['openat', 'openat2', 'getppid', 'pidfd_open', 'socket'])

/** Where the numbers of this time (an open file's, a process's) go, by the number they had then. */
class Cells {
  readonly #segment: Segment
  readonly #files = new Map<number, number>()
  #parent: { pid: number; cell: number } | undefined

  constructor(segment: Segment) {
    this.#segment = segment
  }

  /** The cell of an argument that is an earlier answer. */
  find(kind: Kind, argument: unknown): number | undefined {
    if (typeof argument !== 'number') return undefined
    if (kind === 'fd' || kind === 'dirfd') return this.#files.get(argument)
    return kind === 'pid' && argument === this.#parent?.pid ? this.#parent.cell : undefined
  }

  /** The cell for an answer that later questions use. */
  take({ name, args, result }: Premise): number | undefined {
    if (name === 'close') this.#files.delete(args[0] as number)
    if (result < 0 || !NUMBERING.has(name)) return undefined
    const cell = this.#segment.reserve(8)
    if (name === 'getppid') this.#parent = { pid: result, cell }
    else this.#files.set(result, cell)
    return cell
  }
}

function putPremise(
  segment: Segment,
  cells: Cells,
  at: number,
  premise: Premise,
  architecture: Architecture,
): boolean {
  const row = SYSCALLS[premise.name] as readonly unknown[]
  let next = 0
  let lastSize = 0
  let countAt = -1
  for (let i = 0; i < row.length - 2; i++) {
    const kind = (row[i + 2] as readonly [string, Kind])[1]
    if (kind === 'sizeof') {
      putArgument(segment, at, i, PREMISE_ARGUMENT.VALUE, lastSize)
      continue
    }
    if (kind === 'countof') {
      countAt = i
      continue
    }
    const place = next++
    const argument = premise.args[place]
    const cell = cells.find(kind, argument)
    if (cell !== undefined) putArgument(segment, at, i, PREMISE_ARGUMENT.CELL, cell)
    else if (isRoom(premise.name, place, argument)) {
      if (argument.length > ROOM_BYTES) return false
      lastSize = argument.length
      putArgument(segment, at, i, PREMISE_ARGUMENT.ROOM, 0)
    } else {
      const register = marshal(segment, kind, argument, architecture)
      if (register.is === 'slot') throw new TypeError('a premise has no slots')
      if (register.is === 'data') lastSize = register.size
      putRegister(segment, at, i, register)
    }
    if (countAt >= 0) putArgument(segment, at, countAt, PREMISE_ARGUMENT.VALUE, lastSize)
    countAt = -1
  }
  const into = cells.take(premise)
  const [answer] = premise.answer
  const expected = answer ? segment.blob(answer.bytes) : 0
  const { view } = segment
  view.setUint32(at + PREMISE.number, row[architecture === 'arm64' ? 1 : 0] as number, true)
  view.setUint32(at + PREMISE.into, into ?? 0, true)
  view.setUint8(at + PREMISE.expect, into === undefined ? EXPECT.SAME : EXPECT.SUCCESS)
  view.setUint32(at + PREMISE.offset, answer?.offset ?? 0, true)
  view.setUint32(at + PREMISE.length, answer?.bytes.length ?? 0, true)
  view.setUint32(at + PREMISE.expected, expected, true)
  segment.word(at + PREMISE.result, BigInt(premise.result))
  return true
}

function putRegister(
  segment: Segment,
  at: number,
  i: number,
  register: Exclude<Register, { is: 'slot' }>,
): void {
  if (register.is === 'data') putArgument(segment, at, i, PREMISE_ARGUMENT.DATA, register.offset)
  else putArgument(segment, at, i, PREMISE_ARGUMENT.VALUE, register.value)
}

function putArgument(segment: Segment, at: number, i: number, kind: number, word: number | bigint): void {
  segment.view.setUint8(at + PREMISE.kinds + i, kind)
  segment.word(at + PREMISE.args + i * 8, word)
}

function putList(segment: Segment, numbers: readonly number[]): number {
  const at = segment.reserve(numbers.length * 4)
  numbers.forEach((number, i) => {
    segment.view.setUint32(at + i * 4, number, true)
  })
  return at
}

function wholePlacesOf(word: string, bytes: Uint8Array): number[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const places: number[] = []
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) places.push(at)
  return places
}

/** Every place of the id, and of its first digits where they stand alone (a host name). */
export function placesOf(id: string, bytes: Uint8Array): number[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const [short, rest] = [id.slice(0, SHORT_ID_DIGITS), id.slice(SHORT_ID_DIGITS)]
  const places: number[] = []
  for (let at = text.indexOf(short); at >= 0; ) {
    const whole = text.toString('latin1', at + short.length, at + id.length) === rest
    places.push(whole ? at : (at | SHORT_ID) >>> 0)
    at = text.indexOf(short, at + (whole ? id.length : short.length))
  }
  return places
}

/** `bytes` with the id `id` where `old` stands; in place. */
export function replaceId(bytes: Uint8Array, old: string, id: string): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (const place of placesOf(old, bytes)) {
    const short = (place & SHORT_ID) !== 0
    text.write(short ? id.slice(0, SHORT_ID_DIGITS) : id, place & ~SHORT_ID, 'latin1')
  }
}
