/**
 * The file of a prepared start: what encode.ts writes and native/start.c reads. native/start.h is generated from this
 * file (`npm run generate`).
 *
 *     header | data | premises | relocations (u32 offsets) | plan | places of words (u32 offsets) | words
 *
 * All offsets count from the first byte, all integers are little-endian. The reader maps the file privately, adds its
 * address to every word that a relocation names, and writes what is chosen anew (the container's id) over the old.
 */

export const START_MAGIC = 0x32736374 // "tcs2"

/** Header: u32 fields by name, in order. */
export const START_HEADER = [
  'magic',
  'size',
  /** What the start was asked for: two different starts may share a file name, never a key. */
  'key',
  'key_size',
  'premises',
  'premise_count',
  'relocations',
  'relocation_count',
  /** Texts that are others each time (WORD): the container's id, then what an engine names, as it stands in the key. */
  'words',
  'word_count',
  'plan',
  'plan_size',
  /** Whether a dead container's leftovers are cleaned up before (1). */
  'sweeps',
] as const

/** u32 fields: how long the text is, and where it stands; the highest bit says that only the short form of an id does. */
export const WORD = ['size', 'places', 'count'] as const

/** Engines name files of their own behind these, others each time. So only the length stands in the key. */
export const ANEW = ['--pid-file', '--process', '--console-socket', '--log'] as const
export const MOST_WORDS = 8
/** A path this long stands nowhere else in a plan by chance. */
export const SHORTEST_WORD = 16

/** Of an id that nobody chose; no chosen one may be longer. */
export const ID_DIGITS = 64
export const SHORT_ID_DIGITS = 12
export const SHORT_ID = 0x80000000

/** How an argument is read: a number, data of this file, the result of an earlier premise, or room for the answer. */
export const PREMISE_ARGUMENT = { VALUE: 0, DATA: 1, CELL: 2, ROOM: 3 } as const

/** The result must be the same; or only a success, as a file descriptor's or a process id's number means nothing. */
export const EXPECT = { SAME: 0, SUCCESS: 1 } as const

/**
 * A premise: number u32, into u32, kinds u8[6], expect u8, pad u8, offset u32 and length u32 of the answer's part that
 * was looked at, expected u32, result i64, args u64[6].
 */
export const PREMISE = {
  number: 0,
  into: 4,
  kinds: 8,
  expect: 14,
  offset: 16,
  length: 20,
  expected: 24,
  result: 32,
  args: 40,
  size: 88,
} as const

/** The largest answer; READ_BUFFER of file.ts. */
export const ROOM_BYTES = 64 * 1024

/** Letters and digits at random, as many as this, stand nowhere else in 50 kB (one in a million). */
export const SHORTEST_ID = 6

/** What stands in a key for a text that is another each time; its length follows. */
export const CHOSEN = '\u0001'

/** The environment that a start depends on: what the front end is started with when it must explain a failure. */
export const KEPT_VARIABLES = [
  'PATH',
  'HOME',
  'TERM',
  'NO_COLOR',
  'LANG',
  'XDG_RUNTIME_DIR',
  'XDG_DATA_HOME',
  'TINYCTR_NETWORK',
  'TINYCTR_PUBLISH',
  'LISTEN_FDS',
] as const
