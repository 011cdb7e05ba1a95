/**
 * One 512-byte header block of a tar: v7, ustar (POSIX.1-1988), GNU and star, as in pax(1), tar(5) and GNU's tar.h.
 */

export const BLOCK = 512

/** Seconds and nanoseconds since the epoch; seconds may be negative, nanoseconds never. */
export interface Time {
  readonly seconds: number
  readonly nanoseconds: number
}

/** The fields as the block has them: what pax records say comes on top. Names are views into the block. */
export interface TarHeader {
  /** One character; NUL is v7's regular file. */
  readonly typeflag: string
  readonly path: Buffer
  readonly linkTarget: Buffer
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtimeSeconds: number
  readonly deviceMajor: number
  readonly deviceMinor: number
  /** The magic is GNU's: bytes 345 on hold times and a sparse map, not a prefix. */
  readonly gnu: boolean
}

export const isZeroBlock = (block: Buffer): boolean => block[0] === 0 && block.every((byte) => byte === 0)

/** Bytes up to the first NUL: fields that are full have none. */
export function untilNul(field: Buffer): Buffer {
  const nul = field.indexOf(0)
  return nul < 0 ? field : field.subarray(0, nul)
}

/**
 * A number field: octal digits between spaces and NULs, or base-256 when the first bit is set (GNU, star), two's
 * complement. @throws Error with the fact when it is neither or needs more than 53 bits.
 */
export function parseNumber(field: Buffer, what: string): number {
  const first = field[0]!
  if ((first & 0x80) !== 0) return parseBase256(field, what)
  let value = 0
  let at = 0
  while (at < field.length && (field[at] === 0x20 || field[at] === 0)) at++
  for (; at < field.length; at++) {
    const digit = field[at]! - 0x30
    if (digit < 0 || digit > 7) break
    value = value * 8 + digit
  }
  for (; at < field.length; at++) {
    if (field[at] !== 0x20 && field[at] !== 0) throw new Error(`its ${what} is not an octal number`)
  }
  return value
}

function parseBase256(field: Buffer, what: string): number {
  let value = BigInt(field[0]! & 0x7f)
  for (let at = 1; at < field.length; at++) value = (value << 8n) | BigInt(field[at]!)
  const bits = BigInt(field.length * 8 - 1)
  if ((field[0]! & 0x40) !== 0) value -= 1n << bits
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < -BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new Error(`its ${what} ${value} does not fit in 53 bits`)
  }
  return Number(value)
}

const summed = new Uint8Array(BLOCK)
const words = new Uint32Array(summed.buffer)

/** The sum of all bytes with the checksum field as spaces. Two lanes of 16 bits in a word: the reader's hottest loop. */
function checksumMatches(block: Buffer): boolean {
  summed.set(block)
  summed.fill(0x20, 148, 156)
  let lanes = 0
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!
    lanes += (word & 0xff00ff) + ((word >>> 8) & 0xff00ff)
  }
  const stored = parseNumber(block.subarray(148, 156), 'checksum')
  const sum = (lanes & 0xffff) + (lanes >>> 16)
  // Old writers summed signed bytes.
  return stored === sum || stored === sum - 256 * summed.filter((byte) => byte > 127).length
}

/** @throws Error with the fact when the block is no header. */
export function parseHeader(block: Buffer): TarHeader {
  if (!checksumMatches(block)) throw new Error('the checksum of its header does not match')
  const magic = block.toString('latin1', 257, 265)
  const gnu = magic === 'ustar  \0'
  const posix = magic.startsWith('ustar\0')
  const typeflag = String.fromCharCode(block[156]!)
  const name = untilNul(block.subarray(0, 100))
  const devices = (gnu || posix) && (typeflag === '3' || typeflag === '4')
  return {
    typeflag,
    path: posix ? withPrefix(block, name) : name,
    linkTarget: untilNul(block.subarray(157, 257)),
    mode: parseNumber(block.subarray(100, 108), 'mode'),
    uid: parseNumber(block.subarray(108, 116), 'uid'),
    gid: parseNumber(block.subarray(116, 124), 'gid'),
    size: parseNumber(block.subarray(124, 136), 'size'),
    mtimeSeconds: parseNumber(block.subarray(136, 148), 'mtime'),
    deviceMajor: devices ? parseNumber(block.subarray(329, 337), 'device major') : 0,
    deviceMinor: devices ? parseNumber(block.subarray(337, 345), 'device minor') : 0,
    gnu,
  }
}

function withPrefix(block: Buffer, name: Buffer): Buffer {
  // star keeps times in the last 24 bytes of the prefix and says so at byte 508.
  const star = block.toString('latin1', 508, 512) === 'tar\0'
  const prefix = untilNul(block.subarray(345, star ? 476 : 500))
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name])
}
