/** Whatever bytes come, the tar reader ends with entries or a RegistryError; how they are cut changes nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RegistryError } from '../../../src/errors.ts'
import { entryPath } from '../../../src/image/layer/entry-path.ts'
import { parsePax, paxTime } from '../../../src/image/layer/pax.ts'
import type { TarEntry } from '../../../src/image/layer/tar-entry.ts'
import { BLOCK, parseNumber } from '../../../src/image/layer/tar-header.ts'
import { TarReader } from '../../../src/image/layer/tar-reader.ts'
import { directory, file, hardlink, header, pad, paxBody, symlink, tar } from '../layer/make-tar.ts'
import { mutated, parameters } from './fuzz.ts'

interface Seen {
  entries: string[]
  failure: string | undefined
}

const limits = { entries: 10_000, bytes: 1 << 20, extensionBytes: 1 << 16 }

/** Reads the bytes in pieces of the given sizes, over and over. */
function read(bytes: Buffer, cuts: readonly number[]): Seen {
  const entries: string[] = []
  let data = 0
  const sink = {
    entry({ kind, path, size, mode, uid, mtime, linkTarget, xattrs }: TarEntry) {
      data = 0
      const name = Buffer.from(path).toString('latin1')
      const link = Buffer.from(linkTarget).toString('latin1')
      entries.push(
        [kind, name, size, mode, uid, mtime.seconds, mtime.nanoseconds, link, [...xattrs.keys()]].join(' '),
      )
    },
    data(piece: Uint8Array, position: number) {
      assert.ok(position >= data, 'pieces ascend')
      data = position + piece.length
    },
    done() {
      entries.push(`done ${data}`)
    },
  }
  const reader = new TarReader(sink, limits)
  try {
    for (let at = 0, cut = 0; at < bytes.length; cut++) {
      const length = cuts[cut % cuts.length] ?? BLOCK
      reader.push(bytes.subarray(at, at + length))
      at += length
    }
    reader.end()
    return { entries, failure: undefined }
  } catch (error) {
    assert.ok(error instanceof RegistryError, (error as Error).stack)
    return { entries, failure: error.message }
  }
}

const long = Buffer.from('n'.repeat(300))
const archive = tar(
  directory('d'),
  file('d/f', 'hello'.repeat(300)),
  {
    ...file('p', 'x'),
    pax: { path: 'pax/path', mtime: '1700000000.5', 'SCHILY.xattr.user.a': 'b', uid: '7' },
  },
  symlink('s', 'd/f'),
  hardlink('h', 'd/f'),
  Buffer.concat([
    header({ type: 'L', data: long, magic: 'gnu' }),
    pad(long),
    header({ path: 'short', magic: 'gnu' }),
  ]),
  {
    path: 'sparse',
    pax: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '4096' },
    data: `${pad(Buffer.from('1\n0\n5\n')).toString('latin1')}hello`,
  },
  { path: 'c', type: '3', major: 1, minor: 3 },
)
const cuts = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 6 })
const whole = [archive.length]

test('the archive that is altered below is read to its end', () => {
  const { entries, failure } = read(archive, whole)
  assert.equal(failure, undefined)
  assert.equal(entries.filter((entry) => !entry.startsWith('done')).length, 8)
})

test('random bytes', () => {
  const bytes = fc.uint8Array({ maxLength: 4096 }).map((array) => Buffer.from(array))
  fc.assert(
    fc.property(bytes, cuts, (any, pieces) => void read(any, pieces)),
    parameters(300),
  )
})

test('an archive with some bytes altered, in whatever pieces it comes: the same', () => {
  fc.assert(
    fc.property(mutated(archive), cuts, (altered, pieces) => {
      const [once, cut] = [read(altered, whole), read(altered, pieces)]
      assert.equal(cut.failure === undefined, once.failure === undefined, `${once.failure} | ${cut.failure}`)
      assert.deepEqual(cut.entries, once.entries)
    }),
    parameters(400),
  )
})

/** A header whose checksum is right, whatever its fields say: what mutation alone hardly ever makes. */
const anyHeader = fc
  .record({
    path: fc.uint8Array({ maxLength: 100 }).map((name) => Buffer.from(name)),
    type: fc.constantFrom(...'01234567SxgLKVDMN\0'),
    link: fc.string({ maxLength: 100 }),
    size: fc.oneof(fc.nat(4096), fc.nat(0o77777777777)),
    data: fc.string({ maxLength: 600 }),
    magic: fc.constantFrom('ustar' as const, 'gnu' as const, 'v7' as const),
    raw: fc.array(
      fc.tuple(
        fc.nat(511),
        fc.uint8Array({ maxLength: 24 }).map((bytes) => Buffer.from(bytes)),
      ),
      { maxLength: 2 },
    ),
  })
  .map((entry) =>
    Buffer.concat([
      header({ ...entry, raw: entry.raw.map(([at, bytes]) => [at, bytes.subarray(0, 512 - at)]) }),
      pad(Buffer.from(entry.data)),
    ]),
  )

test('headers with right checksums and any fields', () => {
  fc.assert(
    fc.property(fc.array(anyHeader, { maxLength: 6 }), cuts, (headers, pieces) => {
      const bytes = Buffer.concat(headers)
      assert.deepEqual(read(bytes, pieces).entries, read(bytes, [Math.max(bytes.length, 1)]).entries)
    }),
    parameters(400),
  )
})

test('pax records: what is written is read; anything else is an error or records', () => {
  const key = fc
    .string({ minLength: 1, maxLength: 20 })
    .filter((text) => !/[=\0]/.test(text) && /^[\x20-\x7e]+$/.test(text) && !text.startsWith('GNU.sparse'))
  fc.assert(
    fc.property(fc.dictionary(key, fc.string({ maxLength: 50 })), (records) => {
      const { values } = parsePax(paxBody(records))
      assert.deepEqual(
        [...values].map(([name, value]) => [name, value.toString()]),
        Object.entries(records),
      )
    }),
    parameters(300),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        parsePax(Buffer.from(bytes))
      } catch (error) {
        assert.match((error as Error).message, /^its /)
      }
    }),
    parameters(300),
  )
})

test('times keep every nanosecond', () => {
  const seconds = fc.integer({ min: -(10 ** 11), max: 10 ** 11 })
  fc.assert(
    fc.property(seconds, fc.nat(999_999_999), (whole_, nanoseconds) => {
      const total = BigInt(whole_) * 1_000_000_000n + BigInt(nanoseconds)
      const positive = total < 0n ? -total : total
      const digits = String(positive % 1_000_000_000n).padStart(9, '0')
      const text = `${total < 0n ? '-' : ''}${positive / 1_000_000_000n}.${digits}`
      assert.deepEqual(paxTime(Buffer.from(text), 'mtime'), { seconds: whole_, nanoseconds })
    }),
    parameters(300),
  )
})

test('number fields: octal as written, and never more than 53 bits', () => {
  fc.assert(
    fc.property(fc.nat(0o77777777777), (number) => {
      const field = Buffer.from(`${number.toString(8).padStart(11, '0')}\0`)
      assert.equal(parseNumber(field, 0, 12, 'size'), number)
    }),
    parameters(200),
  )
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 12, maxLength: 12 }), (field) => {
      try {
        assert.ok(Number.isSafeInteger(parseNumber(field, 0, 12, 'size')))
      } catch (error) {
        assert.match((error as Error).message, /^its size/)
      }
    }),
    parameters(300),
  )
})

test('a canonical path has no empty component, no dot and no way up, and is its own canonical path', () => {
  const names = fc.constantFrom('a', 'b', '.', '..', '', '...', '.wh.x', '\xff')
  fc.assert(
    fc.property(fc.array(names, { maxLength: 8 }), (parts) => {
      const bytes = Buffer.from(parts.join('/'), 'latin1')
      if (parts.includes('..')) {
        assert.throws(() => entryPath(bytes), /contains "\.\."/)
        return
      }
      const path = entryPath(bytes)
      assert.ok(path === '' || path.split('/').every((name) => name !== '' && name !== '.'))
      assert.equal(entryPath(Buffer.from(path, 'latin1')), path)
    }),
    parameters(300),
  )
})
