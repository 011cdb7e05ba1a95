import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { test } from 'node:test'
import { RegistryError } from '../../../src/errors.ts'
import { defaultLimits } from '../../../src/image/layer/limits.ts'
import type { TarEntry } from '../../../src/image/layer/tar-entry.ts'
import { TarReader } from '../../../src/image/layer/tar-reader.ts'
import {
  directory,
  endMarker,
  file,
  hardlink,
  header,
  member,
  pad,
  paxBody,
  paxRecord,
  symlink,
  tar,
} from './make-tar.ts'
import { scratch } from './unpack-into.ts'

interface Read extends Omit<TarEntry, 'path' | 'linkTarget' | 'xattrs'> {
  path: string
  linkTarget: string
  xattrs: Record<string, string>
  /** Content by position, holes as NULs. */
  data: Buffer
}

function read(bytes: Buffer, { pieces = 1 << 20, limits = defaultLimits } = {}): Read[] {
  const entries: Read[] = []
  const reader = new TarReader(
    {
      entry(entry) {
        entries.push({
          ...entry,
          path: Buffer.from(entry.path).toString('latin1'),
          linkTarget: Buffer.from(entry.linkTarget).toString('latin1'),
          xattrs: Object.fromEntries(
            [...entry.xattrs].map(([key, value]) => [key, Buffer.from(value).toString('latin1')]),
          ),
          data: entry.size > 1 << 24 ? Buffer.alloc(0) : Buffer.alloc(entry.size),
        })
      },
      data(piece, position) {
        Buffer.from(piece).copy(entries.at(-1)!.data, position)
      },
      done() {},
    },
    limits,
  )
  for (let at = 0; at < bytes.length; at += pieces) reader.push(Buffer.from(bytes.subarray(at, at + pieces)))
  reader.end()
  return entries
}

const only = (bytes: Buffer): Read => {
  const entries = read(bytes)
  assert.equal(entries.length, 1)
  return entries[0]!
}

const fails = (bytes: Buffer, message: RegExp, limits = defaultLimits): void =>
  assert.throws(
    () => read(bytes, { limits }),
    (error) => error instanceof RegistryError && message.test(error.message),
  )

test('an ustar entry with every field', () => {
  const entry = only(tar(file('etc/passwd', 'root', { mode: 0o104640, uid: 1, gid: 2, mtime: 3 })))
  assert.deepEqual(
    [entry.kind, entry.path, entry.mode, entry.uid, entry.gid, entry.mtime, entry.data.toString()],
    ['file', 'etc/passwd', 0o4640, 1, 2, { seconds: 3, nanoseconds: 0 }, 'root'],
  )
})

test('the pieces of the input do not matter', () => {
  const bytes = tar(
    directory('a'),
    file('a/b', 'x'.repeat(1500)),
    member({ path: 'c', pax: { mtime: '1.5' }, data: 'y' }),
  )
  const whole = read(bytes)
  for (const pieces of [1, 7, 511, 512, 513, 1000]) assert.deepEqual(read(bytes, { pieces }), whole)
})

test('every type', () => {
  const types = {
    '0': 'file',
    '\0': 'file',
    '7': 'file',
    '1': 'hardlink',
    '2': 'symlink',
    '3': 'character',
    '4': 'block',
    '5': 'directory',
    '6': 'fifo',
  }
  for (const [type, kind] of Object.entries(types))
    assert.equal(only(tar({ path: 'x', type, link: 'y' })).kind, kind)
  assert.equal(only(tar({ path: 'v7/', type: '\0', magic: 'v7' })).kind, 'directory')
  assert.equal(only(tar({ path: 'x', type: '3', major: 5, minor: 260 })).deviceMinor, 260)
  fails(tar({ path: 'x', type: 'Z' }), /entry of "x" at byte 0: its type "Z" is not known/)
})

test('an ustar prefix, and none under GNU magic', () => {
  const prefix: [number, Buffer] = [345, Buffer.from('some/prefix')]
  assert.equal(only(tar({ path: 'name', raw: [prefix] })).path, 'some/prefix/name')
  assert.equal(only(tar({ path: 'name', raw: [prefix], magic: 'gnu' })).path, 'name')
})

test('GNU long names and links, and a full field without a NUL', () => {
  const long = `${'d/'.repeat(200)}f`
  const extension = (type: string) =>
    Buffer.concat([header({ path: '././@LongLink', type, data: `${long}\0` }), pad(Buffer.from(`${long}\0`))])
  const entry = only(
    tar(Buffer.concat([extension('L'), extension('K'), member({ path: 'cut', type: '2', link: 'cut' })])),
  )
  assert.deepEqual([entry.path, entry.linkTarget], [long, long])
  assert.equal(only(tar(file('n'.repeat(100)))).path, 'n'.repeat(100))
})

test('pax: path, linkpath, owner, size, times to the nanosecond, xattrs with newlines and NULs', () => {
  const entry = only(
    tar({
      path: 'short',
      data: 'abc',
      pax: {
        path: 'caf\u00e9',
        uid: '4000000000',
        mtime: '1700000000.123456789123',
        atime: '-1.5',
        'SCHILY.xattr.user.binary': Buffer.from('a\n\0=b'),
        'LIBARCHIVE.xattr.user.other%20name': Buffer.from('value').toString('base64'),
      },
    }),
  )
  assert.equal(Buffer.from(entry.path, 'latin1').toString(), 'caf\u00e9')
  assert.equal(entry.uid, 4_000_000_000)
  assert.deepEqual(entry.mtime, { seconds: 1_700_000_000, nanoseconds: 123_456_789 })
  assert.deepEqual(entry.atime, { seconds: -2, nanoseconds: 500_000_000 })
  assert.deepEqual(entry.xattrs, { 'user.binary': 'a\n\0=b', 'user.other name': 'value' })
})

test('a global pax header holds for all, a local one goes before it, an empty record deletes', () => {
  const body = paxBody({ uid: '7', mtime: '9' })
  const global = Buffer.concat([header({ type: 'g', data: body }), pad(body)])
  const [first, second, third] = read(
    tar(global, file('a'), { path: 'b', pax: { uid: '8' } }, { path: 'c', uid: 3, pax: { uid: '' } }),
  )
  assert.deepEqual([first!.uid, second!.uid, third!.uid, third!.mtime.seconds], [7, 8, 3, 9])
  for (const key of ['path', 'linkpath', 'size', 'GNU.sparse.name']) {
    const moving = paxBody({ [key]: '1' })
    fails(
      tar(Buffer.concat([header({ type: 'g', data: moving }), pad(moving)]), file('a')),
      /global pax header sets/,
    )
  }
})

test('malformed pax headers', () => {
  const bad = (body: string | Buffer) =>
    tar(Buffer.concat([header({ type: 'x', data: body }), pad(Buffer.from(body))]), file('a'))
  for (const body of [
    '5 a=b\n',
    '0 a=b\n',
    '6 a=bb',
    '99 a=b\n',
    ' a=b\n',
    'x a=b\n',
    '-6 a=b\n',
    '6 abcd\n'.slice(0, 7),
  ]) {
    fails(bad(body), /pax header/)
  }
  fails(bad(paxRecord('path', Buffer.from('a\0b'))), /path holds a NUL/)
  fails(bad(paxRecord('size', '-1')), /size is not a usable number/)
  fails(bad(paxRecord('size', '99999999999999999999')), /size is not a usable number/)
  fails(bad(paxRecord('mtime', 'now')), /mtime is not a time/)
  fails(bad(paxRecord('SCHILY.xattr.', 'x')), /without a usable name/)
})

test('base-256 numbers: 8 GB and more, negative times, never negative sizes', () => {
  const large = Buffer.from('800000000000000300000000', 'hex')
  const sizes: number[] = []
  const reader = new TarReader({ entry: (entry) => sizes.push(entry.size), data() {}, done() {} })
  reader.push(header({ raw: [[124, large]] }))
  assert.deepEqual(sizes, [0x300000000])
  assert.equal(only(tar(file('a', '', { raw: [[136, Buffer.alloc(12, 0xff)]] }))).mtime.seconds, -1)
  fails(tar(file('a', '', { raw: [[124, Buffer.alloc(12, 0xff)]] })), /size is negative/)
  fails(
    tar(file('a', '', { raw: [[124, Buffer.concat([Buffer.from([0x80, 0x7f]), Buffer.alloc(10)])]] })),
    /does not fit in 53 bits/,
  )
  fails(tar(file('a', '', { raw: [[124, Buffer.from('12x4567890\0 ')]] })), /size is not an octal number/)
})

test('names are bytes', () => {
  assert.equal(only(tar(file(Buffer.from('caf\xe9\xff', 'latin1')))).path, 'caf\xe9\xff')
})

test('checksums: signed sums too, anything else is refused with the offset', () => {
  const name = Buffer.from('\xe9\xe9', 'latin1')
  const block = header({ path: name })
  block.fill(0x20, 148, 156)
  const signed = block.reduce((sum, byte) => sum + (byte > 127 ? byte - 256 : byte), 0)
  assert.equal(only(tar(header({ path: name, checksum: signed }))).path, '\xe9\xe9')
  fails(tar(file('a', 'x'), header({ path: 'b', checksum: 1 })), /at byte 1024: the checksum of its header/)
  fails(Buffer.from('this is no tar, it only looks long enough to be one. '.repeat(20)), /at byte 0/)
})

test('the end: two zero blocks, one, or none; nothing after them is read', () => {
  const one = member(file('a', 'x'))
  for (const bytes of [
    one,
    Buffer.concat([one, Buffer.alloc(512)]),
    Buffer.concat([one, endMarker, Buffer.from('junk'.repeat(500))]),
  ]) {
    assert.equal(read(bytes).length, 1)
  }
  assert.deepEqual(read(Buffer.alloc(0)), [])
  fails(Buffer.concat([one, Buffer.alloc(512), one]), /at byte 1024: it follows a block of zeros/)
})

test('a truncated archive is told with the entry, wherever it stops', () => {
  const bytes = member({ path: 'etc/hosts', data: 'x'.repeat(2000), pax: { mtime: '1' } })
  for (let length = 1; length < bytes.length; length += 97)
    fails(bytes.subarray(0, length), /truncated|announces/)
  fails(bytes.subarray(0, 2000), /"etc\/hosts" at byte 0: the archive ends inside it, at byte 2000/)
  fails(Buffer.concat([bytes.subarray(0, 1024), endMarker]), /announces an entry and the archive ends/)
})

test('limits: entries, bytes, extension headers, their number', () => {
  fails(tar(file('a'), file('b'), file('c')), /more than 2 entries/, { ...defaultLimits, entries: 2 })
  fails(tar(file('a', 'x'.repeat(5000))), /larger than the limit of 4096 bytes/, {
    ...defaultLimits,
    bytes: 4096,
  })
  fails(header({ type: 'x', size: 2 ** 21 }), /extension header has 2097152 bytes/)
  const x = Buffer.concat([header({ type: 'x', data: '' })])
  fails(tar(...Array.from({ length: 70 }, () => x), file('a')), /more than 64 extension headers/)
})

test('links and directories have no data whatever their size says, as in Go', () => {
  const [first, second] = read(tar({ path: 'dir', type: '5', size: 512 }, file('next', 'x')))
  assert.deepEqual([first!.size, second!.path], [0, 'next'])
  assert.equal(read(tar({ ...hardlink('l', 'a'), size: 512 }, symlink('s', 'a'))).length, 2)
})

/** A sparse file by each writer: data at 1 MB and at 3 MB, a hole at the end. */
function sparseTar(folder: string, ...flags: string[]): { bytes: Buffer; content: Buffer } {
  mkdirSync(folder, { recursive: true })
  const fd = openSync(`${folder}/sparse`, 'w')
  for (let at = 1; at < 40; at++) writeSync(fd, Buffer.alloc(4096, at), 0, 4096, at * 100_000)
  closeSync(fd)
  truncateSync(`${folder}/sparse`, 5_000_000)
  execFileSync('tar', ['-C', folder, '-cf', `${folder}.tar`, '--sparse', ...flags, 'sparse'])
  return { bytes: readFileSync(`${folder}.tar`), content: readFileSync(`${folder}/sparse`) }
}

for (const [name, flags] of Object.entries({
  'old GNU': ['--format=gnu'],
  'pax 0.0': ['--format=pax', '--sparse-version=0.0'],
  'pax 0.1': ['--format=pax', '--sparse-version=0.1'],
  'pax 1.0': ['--format=pax', '--sparse-version=1.0'],
})) {
  test(`sparse files: ${name}`, (t) => {
    const { bytes, content } = sparseTar(`${scratch(t)}/s`, ...flags)
    assert.ok(bytes.length < 1_000_000)
    for (const pieces of [1 << 20, 1000]) {
      const [entry] = read(bytes, { pieces })
      assert.deepEqual([entry!.path, entry!.size, entry!.sparse], ['sparse', 5_000_000, true])
      assert.ok(entry!.data.equals(content))
    }
  })
}

test('sparse maps that lie', () => {
  const map = (value: string, size = '100') =>
    tar({ path: 'a', data: 'x'.repeat(10), pax: { 'GNU.sparse.map': value, 'GNU.sparse.size': size } })
  assert.equal(only(map('5,10')).size, 100)
  fails(map('95,10'), /sparse map leaves the file/)
  fails(map('10,5,5,5'), /sparse map leaves the file/)
  fails(map('5,11'), /covers 11 bytes and the archive holds 10/)
  fails(map('5'), /sparse map is malformed/)
  fails(map('a,b'), /not a usable number/)
  const version = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '10' }
  fails(tar({ path: 'a', data: '99999999\n', pax: version }), /too many regions/)
  fails(tar({ path: 'a', data: `${'9'.repeat(400)}`, pax: version }), /sparse map is malformed/)
  fails(tar({ path: 'a', data: '3\n1\n', size: 4, pax: version }), /sparse map/)
})

test('every format of GNU tar is read alike', (t) => {
  const folder = scratch(t)
  mkdirSync(`${folder}/in/deep/${'x'.repeat(120)}`, { recursive: true })
  writeFileSync(`${folder}/in/deep/${'x'.repeat(120)}/${'y'.repeat(120)}`, 'content')
  writeFileSync(`${folder}/in/short`, 'z'.repeat(100_000))
  const expected = execFileSync('find', ['.', '-printf', '%p\n'], { cwd: `${folder}/in`, encoding: 'utf8' })
    .trim()
    .split('\n')
    .sort()
  for (const format of ['gnu', 'pax', 'posix', 'oldgnu']) {
    execFileSync('tar', ['-C', `${folder}/in`, `--format=${format}`, '-cf', `${folder}/${format}.tar`, '.'])
    const entries = read(readFileSync(`${folder}/${format}.tar`))
    assert.deepEqual(entries.map(({ path }) => path.replace(/\/$/, '')).sort(), expected)
    assert.equal(entries.find(({ path }) => path.endsWith('short'))!.data.length, 100_000)
  }
})
