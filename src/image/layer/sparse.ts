/**
 * Sparse files: GNU's old header blocks and its pax formats 0.0, 0.1 and 1.0 (GNU tar manual, "Storing Sparse Files").
 * A map lists the parts of the file that the archive holds; all else is a hole.
 */
import { type PaxRecords, paxInteger } from './pax.ts'
import { BLOCK, parseNumber } from './tar-header.ts'

export interface Region {
  readonly offset: number
  readonly length: number
}

/** More regions than any real file has; a map is memory that the archive makes us spend. */
const maximumRegions = 1 << 20

/** The `count` pairs of a GNU header or extension block from `start`; an empty pair ends the list. */
function oldGnuPairs(block: Buffer, start: number, count: number, into: number[]): void {
  for (let at = start; at < start + count * 24; at += 24) {
    if (block[at] === 0 || block[at + 12] === 0) return
    into.push(parseNumber(block, at, at + 12, 'sparse offset'))
    into.push(parseNumber(block, at + 12, at + 24, 'sparse length'))
  }
}

/** Typeflag `S`: four pairs in the header, then blocks of 21 while byte 504 says so. Yields for each further block. */
export function* oldGnuMap(
  header: Buffer,
): Generator<undefined, { numbers: number[]; realSize: number }, Buffer> {
  const numbers: number[] = []
  const realSize = parseNumber(header, 483, 495, 'real size')
  oldGnuPairs(header, 386, 4, numbers)
  let extended = header[482] !== 0
  while (extended) {
    const block: Buffer = yield
    oldGnuPairs(block, 0, 21, numbers)
    if (numbers.length > maximumRegions * 2) throw new Error('its sparse map has too many regions')
    extended = block[504] !== 0
  }
  return { numbers, realSize }
}

/** Format 1.0: decimal lines before the data, `count`, then `offset` and `length` of each, padded to a block. */
export function* pax10Map(limit: number): Generator<undefined, { numbers: number[]; bytes: number }, Buffer> {
  const numbers: number[] = []
  let wanted = 1
  let bytes = 0
  let digits = ''
  while (numbers.length < wanted) {
    if (bytes + BLOCK > limit) throw new Error('its sparse map is longer than its data')
    const block: Buffer = yield
    bytes += BLOCK
    for (let at = 0; at < BLOCK && numbers.length < wanted; at++) {
      const byte = block[at]!
      if (byte === 0x0a) {
        numbers.push(paxInteger(Buffer.from(digits), 'GNU.sparse'))
        if (numbers.length === 1) wanted = 1 + 2 * numbers[0]!
        if (wanted > maximumRegions * 2) throw new Error('its sparse map has too many regions')
        digits = ''
      } else {
        digits += String.fromCharCode(byte)
        if (digits.length > 20) throw new Error('its sparse map is malformed')
      }
    }
  }
  return { numbers: numbers.slice(1), bytes }
}

/** Which pax sparse format the records announce. */
export function paxSparse(
  records: PaxRecords,
):
  | { format: '1.0' | 'listed'; numbers: number[]; realSize: number | undefined; path: Buffer | undefined }
  | undefined {
  const { values } = records
  const number = (key: string) => (values.has(key) ? paxInteger(values.get(key)!, key) : undefined)
  const path = values.get('GNU.sparse.name')
  const realSize = number('GNU.sparse.realsize') ?? number('GNU.sparse.size')
  const major = number('GNU.sparse.major')
  if (major !== undefined && major > 0) {
    if (major !== 1 || number('GNU.sparse.minor') !== 0) throw new Error('its sparse format is not known')
    return { format: '1.0', numbers: [], realSize, path }
  }
  const map = values.get('GNU.sparse.map')
  if (map !== undefined) {
    const numbers =
      map.length === 0
        ? []
        : map
            .toString('latin1')
            .split(',')
            .map((text) => paxInteger(Buffer.from(text), 'GNU.sparse.map'))
    return { format: 'listed', numbers, realSize, path }
  }
  if (records.sparseMap.length > 0 || values.has('GNU.sparse.numblocks')) {
    return { format: 'listed', numbers: records.sparseMap, realSize, path }
  }
  return undefined
}

/** Checks a map: pairs, ascending, apart, inside the file, and as many bytes as the archive holds. */
export function regionsOf(numbers: readonly number[], realSize: number, packedSize: number): Region[] {
  const regions: Region[] = []
  let end = 0
  let packed = 0
  if (numbers.length % 2 !== 0) throw new Error('its sparse map is malformed')
  for (let at = 0; at < numbers.length; at += 2) {
    const offset = numbers[at]!
    const length = numbers[at + 1]!
    if (offset < end || length < 0 || offset + length > realSize)
      throw new Error('its sparse map leaves the file')
    end = offset + length
    packed += length
    if (length > 0) regions.push({ offset, length })
  }
  if (packed !== packedSize)
    throw new Error(`its sparse map covers ${packed} bytes and the archive holds ${packedSize}`)
  return regions
}
