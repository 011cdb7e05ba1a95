/**
 * Tar, written: ustar headers (POSIX.1-1988), with a pax header before them (pax(1)) where ustar cannot say it. Names,
 * links and xattrs are bytes, which is why this is not tar-stream: that one writes all of them as UTF-8 text.
 */
import { paxRecord } from './pax-record.ts'
import type { EntryKind, TarEntry } from './tar-entry.ts'
import { BLOCK, type Time } from './tar-header.ts'

/** An entry to be written; a directory's path may end in a slash. */
export type TarMember = Pick<TarEntry, 'kind' | 'path' | 'mode'> & Partial<Omit<TarEntry, 'sparse'>>

const typeflags: Record<EntryKind, string> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
}

const nameBytes = 100
/** What seven and eleven octal digits hold. */
const [largestId, largestSize] = [0o7777777, 0o77777777777]
const epoch: Time = { seconds: 0, nanoseconds: 0 }

export const endOfTar: Uint8Array = new Uint8Array(2 * BLOCK)

/** The zeros behind `size` bytes of content. */
export const paddingOf = (size: number): Uint8Array => new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK)

/** Everything that stands before the content: one block, or three and more with a pax header. */
export function encodeHeader(member: TarMember): Buffer {
  const records = recordsOf(member)
  if (records.length === 0) return headerBlock(member)
  const body = Buffer.concat(records)
  const path = Buffer.from('PaxHeaders.0/x')
  const head = headerBlock({ kind: 'file', path, mode: 0o644, size: body.length }, 'x')
  return Buffer.concat([head, body, paddingOf(body.length), headerBlock(member)])
}

/** What the header's fields cannot hold. */
function recordsOf(member: TarMember): Buffer[] {
  const { path, linkTarget, uid = 0, gid = 0, size = 0, mtime = epoch, xattrs } = member
  const records: Buffer[] = []
  if (path.length > nameBytes) records.push(paxRecord('path', path))
  if (linkTarget !== undefined && linkTarget.length > nameBytes)
    records.push(paxRecord('linkpath', linkTarget))
  if (size > largestSize) records.push(paxRecord('size', String(size)))
  if (uid > largestId) records.push(paxRecord('uid', String(uid)))
  if (gid > largestId) records.push(paxRecord('gid', String(gid)))
  if (mtime.nanoseconds !== 0 || mtime.seconds < 0 || mtime.seconds > largestSize) {
    records.push(paxRecord('mtime', decimalOf(mtime)))
  }
  for (const [name, value] of xattrs ?? []) records.push(paxRecord(`SCHILY.xattr.${name}`, value))
  return records
}

/** Seconds with nine digits behind the point: of -0.25 the parts are -1 and 750,000,000. */
function decimalOf({ seconds, nanoseconds }: Time): string {
  const total = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds)
  const size = total < 0n ? -total : total
  return `${total < 0n ? '-' : ''}${size / 1_000_000_000n}.${String(size % 1_000_000_000n).padStart(9, '0')}`
}

function headerBlock(member: TarMember, typeflag = typeflags[member.kind]): Buffer {
  const { path, linkTarget, mode, uid = 0, gid = 0, size = 0, mtime = epoch } = member
  const block = Buffer.alloc(BLOCK)
  const octal = (value: number, at: number, width: number, largest: number): void => {
    const shown = value >= 0 && value <= largest ? value : 0
    block.write(`${shown.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1')
  }
  block.set(path.subarray(0, nameBytes), 0)
  octal(mode, 100, 8, largestId)
  octal(uid, 108, 8, largestId)
  octal(gid, 116, 8, largestId)
  octal(size, 124, 12, largestSize)
  octal(mtime.seconds, 136, 12, largestSize)
  block.write(typeflag, 156, 'latin1')
  if (linkTarget !== undefined) block.set(linkTarget.subarray(0, nameBytes), 157)
  block.write('ustar\x0000', 257, 'latin1')
  if (member.kind === 'character' || member.kind === 'block') {
    octal(member.deviceMajor ?? 0, 329, 8, largestId)
    octal(member.deviceMinor ?? 0, 337, 8, largestId)
  }
  block.fill(0x20, 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}
