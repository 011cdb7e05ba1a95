/**
 * pax extended headers (POSIX.1-2001, pax(1) "pax Extended Header"): `LENGTH KEY=VALUE\n` records before an entry.
 */
import type { Time } from './tar-header.ts'

/** Values are bytes: names and xattrs need not be text, and may hold newlines. */
export interface PaxRecords {
  readonly values: Map<string, Buffer>
  /** The sparse map of GNU's format 0.0, the one place where a key repeats: offset, length, offset, length. */
  readonly sparseMap: number[]
}

export const noRecords = (): PaxRecords => ({ values: new Map(), sparseMap: [] })

/** @throws Error with the fact when a record's length lies. */
export function parsePax(body: Buffer): PaxRecords {
  const records = noRecords()
  let at = 0
  while (at < body.length) {
    const space = body.indexOf(0x20, at)
    const digits = space < 0 ? '' : body.toString('latin1', at, space)
    const length = /^[0-9]{1,9}$/.test(digits) ? Number(digits) : 0
    const end = at + length
    if (end > body.length || end < space + 3 || body[end - 1] !== 0x0a) {
      throw new Error(`its pax header is malformed at byte ${at}`)
    }
    const equals = body.indexOf(0x3d, space + 1)
    if (equals < 0 || equals >= end) throw new Error(`its pax header has a record without "=" at byte ${at}`)
    const key = body.toString('latin1', space + 1, equals)
    const value = body.subarray(equals + 1, end - 1)
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') {
      const wanted = records.sparseMap.length % 2 === 0 ? 'GNU.sparse.offset' : 'GNU.sparse.numbytes'
      if (key !== wanted) throw new Error('its sparse map is out of order')
      records.sparseMap.push(paxInteger(value, key))
    } else {
      records.values.set(key, value)
    }
    at = end
  }
  return records
}

/** A non-negative decimal integer. */
export function paxInteger(value: Buffer, key: string): number {
  const text = value.toString('latin1')
  const number = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(number)) throw new Error(`its pax record ${key} is not a usable number`)
  return number
}

/** `1700000000.123456789`, kept exactly: a double would lose the nanoseconds. More digits are cut. */
export function paxTime(value: Buffer, key: string): Time {
  const match = /^(-?)([0-9]{1,15})(?:\.([0-9]*))?$/.exec(value.toString('latin1'))
  if (match === null) throw new Error(`its pax record ${key} is not a time`)
  const seconds = Number(match[2])
  const nanoseconds = Number((match[3] ?? '').padEnd(9, '0').slice(0, 9))
  if (match[1] === '') return { seconds, nanoseconds }
  return nanoseconds === 0
    ? { seconds: -seconds || 0, nanoseconds: 0 }
    : { seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds }
}

/** A path: never empty here (an empty record takes the header's), never with a NUL. */
export function paxPath(value: Buffer, key: string): Buffer {
  if (value.includes(0)) throw new Error(`its pax record ${key} holds a NUL`)
  return value
}

/**
 * The extended attributes: `SCHILY.xattr.NAME` with the raw value (GNU, star, Go), and where only that is present
 * `LIBARCHIVE.xattr.NAME` with NAME percent-encoded and the value in base64 (bsdtar writes both).
 */
export function paxXattrs(values: Map<string, Buffer>): Map<string, Buffer> {
  const xattrs = new Map<string, Buffer>()
  for (const [key, value] of values) {
    if (key.startsWith('SCHILY.xattr.')) xattrs.set(key.slice(13), Buffer.from(value))
  }
  for (const [key, value] of values) {
    if (!key.startsWith('LIBARCHIVE.xattr.')) continue
    const name = key
      .slice(17)
      .replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    if (!xattrs.has(name)) xattrs.set(name, Buffer.from(value.toString('latin1'), 'base64'))
  }
  for (const name of xattrs.keys()) {
    if (name === '' || name.includes('\0'))
      throw new Error('it has an extended attribute without a usable name')
  }
  return xattrs
}

/** A global header may set what entries share; one that moves or resizes every entry only serves to deceive. */
export function checkGlobals(records: PaxRecords): PaxRecords {
  for (const key of records.values.keys()) {
    if (key === 'path' || key === 'linkpath' || key === 'size' || key.startsWith('GNU.sparse.')) {
      throw new Error(`a global pax header sets ${key} for all entries`)
    }
  }
  if (records.sparseMap.length > 0) throw new Error('a global pax header sets a sparse map for all entries')
  return records
}

/** What holds for an entry: the global records, and its own on top. */
export function mergeRecords(globals: PaxRecords, own: PaxRecords): PaxRecords {
  if (globals.values.size === 0) return own
  return { values: new Map([...globals.values, ...own.values]), sparseMap: own.sparseMap }
}
