/** Tars made block by block, so that they may say what no decent tool writes. */

export interface Entry {
  path?: string | Buffer
  type?: string
  link?: string | Buffer
  data?: string | Buffer
  mode?: number
  uid?: number
  gid?: number
  mtime?: number
  /** Overrides the length of the data. */
  size?: number
  /** Raw bytes over the header at an offset, before the checksum. */
  raw?: [offset: number, bytes: Buffer][]
  /** A pax header before it. */
  pax?: Record<string, string | Buffer>
  magic?: 'ustar' | 'gnu' | 'v7'
  major?: number
  minor?: number
  checksum?: number
}

const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`

export const pad = (data: Buffer): Buffer =>
  Buffer.concat([data, Buffer.alloc((512 - (data.length % 512)) % 512)])

export function paxBody(records: Record<string, string | Buffer>): Buffer {
  return Buffer.concat(Object.entries(records).map(([key, value]) => paxRecord(key, value)))
}

export function paxRecord(key: string, value: string | Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')])
  let length = body.length + 1
  while (String(length).length + body.length !== length) length = String(length).length + body.length
  return Buffer.concat([Buffer.from(String(length)), body])
}

export function header(entry: Entry): Buffer {
  const block = Buffer.alloc(512)
  const data = Buffer.from(entry.data ?? '')
  Buffer.from(entry.path ?? 'file').copy(block, 0, 0, 100)
  block.write(octal(entry.mode ?? (entry.type === '5' ? 0o755 : 0o644), 8), 100)
  block.write(octal(entry.uid ?? 0, 8), 108)
  block.write(octal(entry.gid ?? 0, 8), 116)
  block.write(octal(entry.size ?? data.length, 12), 124)
  block.write(octal(entry.mtime ?? 1_700_000_000, 12), 136)
  block.write(entry.type ?? '0', 156, 'latin1')
  Buffer.from(entry.link ?? '').copy(block, 157, 0, 100)
  const magic = entry.magic ?? 'ustar'
  if (magic === 'ustar') block.write('ustar\x0000', 257, 'latin1')
  if (magic === 'gnu') block.write('ustar  \0', 257, 'latin1')
  if (entry.major !== undefined) block.write(octal(entry.major, 8), 329)
  if (entry.minor !== undefined) block.write(octal(entry.minor, 8), 337)
  for (const [offset, bytes] of entry.raw ?? []) bytes.copy(block, offset)
  block.fill(0x20, 148, 156)
  const sum = entry.checksum ?? block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

/** One entry with its pax header and padded data. */
export function member(entry: Entry): Buffer {
  const parts: Buffer[] = []
  if (entry.pax !== undefined) {
    const body = paxBody(entry.pax)
    parts.push(header({ path: 'PaxHeaders/x', type: 'x', data: body }), pad(body))
  }
  parts.push(header(entry), pad(Buffer.from(entry.data ?? '')))
  return Buffer.concat(parts)
}

export const endMarker: Buffer = Buffer.alloc(1024)

export const tar = (...entries: (Entry | Buffer)[]): Buffer =>
  Buffer.concat([...entries.map((entry) => (Buffer.isBuffer(entry) ? entry : member(entry))), endMarker])

export const directory = (path: string, rest: Entry = {}): Entry => ({ path, type: '5', ...rest })
export const file = (path: string | Buffer, data = '', rest: Entry = {}): Entry => ({ path, data, ...rest })
export const symlink = (path: string, link: string): Entry => ({ path, type: '2', link })
export const hardlink = (path: string, link: string): Entry => ({ path, type: '1', link })
