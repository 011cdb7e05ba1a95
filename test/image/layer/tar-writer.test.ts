/** What we write, our reader and GNU tar read back: every field at its edges. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import type { TarEntry } from '../../../src/image/layer/tar-entry.ts'
import { TarReader } from '../../../src/image/layer/tar-reader.ts'
import { encodeHeader, endOfTar, paddingOf, type TarMember } from '../../../src/image/layer/tar-writer.ts'

function readBack(member: TarMember): TarEntry {
  const entries: TarEntry[] = []
  const copy = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes)
  const reader = new TarReader({
    entry: (entry) =>
      entries.push({
        ...entry,
        path: copy(entry.path),
        linkTarget: copy(entry.linkTarget),
        xattrs: new Map(entry.xattrs),
      }),
    data() {},
    done() {},
  })
  reader.push(encodeHeader(member))
  if ((member.size ?? 0) < 1000) {
    const content = new Uint8Array(member.size ?? 0)
    reader.push(content)
    reader.push(paddingOf(content.length))
    reader.push(endOfTar)
    reader.end()
  }
  assert.equal(entries.length, 1)
  return entries[0]!
}

const file = (more: Partial<TarMember>): TarMember => ({
  kind: 'file',
  path: Buffer.from('f'),
  mode: 0o644,
  ...more,
})

for (const [what, member] of Object.entries({
  'a name of 100 bytes': file({ path: Buffer.from('n'.repeat(100)) }),
  'a name of 101 bytes': file({ path: Buffer.from('n'.repeat(101)) }),
  'a name of 250 bytes that is not UTF-8': file({
    path: Buffer.from(`${'d\xe9/'.repeat(80)}end\xff`, 'latin1'),
  }),
  'a link target of 300 bytes': {
    ...file({ linkTarget: Buffer.from('t'.repeat(300)) }),
    kind: 'symlink' as const,
  },
  'ids of seven and eight digits': file({ uid: 0o7777777, gid: 0o10000000 }),
  'the largest ids': file({ uid: 0xfffffffe, gid: 0xfffffffe }),
  'a size over 8 GiB': file({ size: 0o100000000000 }),
  nanoseconds: file({ mtime: { seconds: 1, nanoseconds: 1 } }),
  'a time before the epoch': file({ mtime: { seconds: -2, nanoseconds: 250_000_000 } }),
  'a time far ahead': file({ mtime: { seconds: 0o100000000000, nanoseconds: 0 } }),
  'xattrs with any byte': file({
    xattrs: new Map([
      ['user.x', Buffer.from([0, 10, 61, 255])],
      ['security.capability', Buffer.alloc(20, 1)],
    ]),
  }),
  'setuid, setgid and sticky': file({ mode: 0o7777 }),
  'a device': { ...file({ deviceMajor: 259, deviceMinor: 300 }), kind: 'block' as const },
})) {
  test(what, () => {
    const entry = readBack(member)
    for (const [field, value] of Object.entries(member)) {
      const got = entry[field as keyof TarEntry]
      if (value instanceof Uint8Array)
        assert.deepEqual(Buffer.from(got as Uint8Array), Buffer.from(value), field)
      else if (value instanceof Map) {
        for (const [name, bytes] of value)
          assert.deepEqual(Buffer.from((got as Map<string, Uint8Array>).get(name)!), bytes)
      } else assert.deepEqual(got, value, field)
    }
  })
}

test('GNU tar lists it', () => {
  const member = file({
    path: Buffer.from(`${'d/'.repeat(60)}caf\xe9`, 'latin1'),
    uid: 0xfffffffe,
    size: 0,
    mtime: { seconds: 5, nanoseconds: 7 },
  })
  const { stdout, status } = spawnSync('tar', ['--full-time', '--numeric-owner', '-tvf', '-'], {
    input: Buffer.concat([encodeHeader(member), endOfTar]),
    env: { ...process.env, TZ: 'UTC' },
  })
  assert.equal(status, 0)
  assert.match(
    stdout.toString('latin1'),
    /^-rw-r--r-- 4294967294\/0 +0 1970-01-01 00:00:05\.000000007 (d\/){60}caf\\351\n$/,
  )
})
