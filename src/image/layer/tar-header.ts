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
}

export const isZeroBlock = (block: Buffer): boolean => block[0] === 0 && block.every((byte) => byte === 0)

/** Bytes up to the first NUL: fields that are full have none. Loops where calls would cost more than their work. */
export function untilNul(block: Buffer, start = 0, end = block.length): Buffer {
  let at = start
  while (at < end && block[at] !== 0) at++
  return at === start ? nothing : block.subarray(start, at)
}

const nothing: Buffer = Buffer.alloc(0)

/**
 * The number field `[start, end)`: octal digits between spaces and NULs, or base-256 when the first bit is set (GNU,
 * star), two's complement. @throws Error with the fact when it is neither or needs more than 53 bits.
 */
export function parseNumber(block: Uint8Array, start: number, end: number, what: string): number {
  if ((block[start]! & 0x80) !== 0) return parseBase256(block.subarray(start, end), what)
  let value = 0
  let at = start
  while (at < end && (block[at] === 0x20 || block[at] === 0)) at++
  for (; at < end; at++) {
    const digit = block[at]! - 0x30
    if (digit < 0 || digit > 7) break
    value = value * 8 + digit
  }
  for (; at < end; at++) {
    if (block[at] !== 0x20 && block[at] !== 0) throw new Error(`its ${what} is not an octal number`)
  }
  return value
}

function parseBase256(field: Uint8Array, what: string): number {
  let value = BigInt(field[0]! & 0x7f)
  for (let at = 1; at < field.length; at++) value = (value << 8n) | BigInt(field[at]!)
  const bits = BigInt(field.length * 8 - 1)
  if ((field[0]! & 0x40) !== 0) value -= 1n << bits
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < -BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new Error(`its ${what} ${value} does not fit in 53 bits`)
  }
  return Number(value)
}

const checksumStart = 148
const checksumEnd = 156

/** The sum of all bytes with the checksum field as spaces. */
function checksumMatches(block: Buffer): boolean {
  const stored = parseNumber(block, checksumStart, checksumEnd, 'checksum')
  const sum = sumOf(block) + spaces(block)
  if (stored === sum) return true
  // Old writers summed signed bytes.
  let negative = 0
  for (let at = 0; at < BLOCK; at++) {
    if (at === checksumStart) at = checksumEnd
    negative += block[at]! >> 7
  }
  return stored === sum - 256 * negative
}

/** Each header passes here: four bytes at a time, into two numbers of two sums each, all of which stay within 31 bits. */
function sumOf(block: Buffer): number {
  if (block.byteOffset % 4 !== 0) return block.reduce((sum, byte) => sum + byte, 0)
  const words = new Uint32Array(block.buffer, block.byteOffset, BLOCK / 4)
  let even = 0
  let odd = 0
  for (let at = 0; at < BLOCK / 4; at++) {
    const word = words[at]! | 0
    even += word & 0xff00ff
    odd += (word >>> 8) & 0xff00ff
  }
  return (even & 0xffff) + (even >>> 16) + (odd & 0xffff) + (odd >>> 16)
}

/** What the checksum field would add as spaces, less what it adds. */
function spaces(block: Buffer): number {
  let sum = 8 * 0x20
  for (let at = checksumStart; at < checksumEnd; at++) sum -= block[at]!
  return sum
}

/** The magic and version, bytes 257 to 265, as what they mean. */
function dialectOf(block: Uint8Array): 'posix' | 'gnu' | 'v7' {
  for (let at = 0; at < 5; at++) if (block[257 + at] !== ustar[at]) return 'v7'
  if (block[262] === 0) return 'posix'
  return block[262] === 0x20 && block[263] === 0x20 && block[264] === 0 ? 'gnu' : 'v7'
}

const ustar = Buffer.from('ustar')

/** @throws Error with the fact when the block is no header. */
export function parseHeader(block: Buffer): TarHeader {
  if (!checksumMatches(block)) throw new Error('the checksum of its header does not match')
  const dialect = dialectOf(block)
  const posix = dialect === 'posix'
  const typeflag = String.fromCharCode(block[156]!)
  const name = untilNul(block, 0, 100)
  const devices = dialect !== 'v7' && (typeflag === '3' || typeflag === '4')
  return {
    typeflag,
    path: posix ? withPrefix(block, name) : name,
    linkTarget: untilNul(block, 157, 257),
    mode: parseNumber(block, 100, 108, 'mode'),
    uid: parseNumber(block, 108, 116, 'uid'),
    gid: parseNumber(block, 116, 124, 'gid'),
    size: parseNumber(block, 124, 136, 'size'),
    mtimeSeconds: parseNumber(block, 136, 148, 'mtime'),
    deviceMajor: devices ? parseNumber(block, 329, 337, 'device major') : 0,
    deviceMinor: devices ? parseNumber(block, 337, 345, 'device minor') : 0,
  }
}

function withPrefix(block: Buffer, name: Buffer): Buffer {
  // star keeps times in the last 24 bytes of the prefix and says so at byte 508.
  const star = block[508] === 0x74 && block.toString('latin1', 508, 512) === 'tar\0'
  const prefix = untilNul(block, 345, star ? 476 : 500)
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name])
}
