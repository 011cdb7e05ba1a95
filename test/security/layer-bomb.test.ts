/** Layers and archives that try to use up the host: each ends with one error, soon, and in little memory. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { RegistryError } from '../../src/errors.ts'
import { loadImage } from '../../src/image/archive/load.ts'
import { defaultLimits } from '../../src/image/layer/limits.ts'
import { directory, file, header, tar } from '../image/layer/make-tar.ts'
import { needsRoot, scratch } from '../image/layer/unpack-into.ts'
import { withStore } from '../image/with-store.ts'
import { makeArena } from './canary.ts'

const mebibyte = 1024 ** 2
const memory = () => process.memoryUsage().rss

/** What `unpackInto` does, of gzipped bytes. */
const refusedGzip = async (
  t: Parameters<typeof makeArena>[0],
  packed: Buffer,
  message: RegExp,
  limits = defaultLimits,
) => {
  const { unpackLayer } = await import('../../src/image/layer/unpack-layer.ts')
  const { call } = await import('../../src/linux/call.ts')
  const fd = call('openat', [-100, scratch(t), 0, 0])
  const target = { directory: fd, overlayXattrs: 'user', chown: false, devices: false } as const
  let isClosed = false
  async function* source() {
    try {
      for (let at = 0; at < packed.length; at += 65_536) yield packed.subarray(at, at + 65_536)
      // The rest of a large layer: a reader that gave up must not leave us waiting for it.
      for (let at = 0; at < 1000; at++) yield Buffer.alloc(65_536, at)
    } finally {
      isClosed = true
    }
  }
  await assert.rejects(
    unpackLayer(source(), { diffId: `sha256:${'0'.repeat(64)}`, target, limits }),
    (error) => error instanceof RegistryError && message.test(error.message),
  )
  assert.ok(isClosed, 'the source was left open')
  call('close', [fd])
}

test('CVE-2017-14992: endless zeros after the archive are counted, not kept', async (t) => {
  const limits = { ...defaultLimits, bytes: 64 * mebibyte }
  const packed = gzipSync(Buffer.concat([tar(file('a', 'x')), Buffer.alloc(96 * mebibyte)]))
  const before = memory()
  await refusedGzip(t, packed, /larger than the limit of 67108864 bytes/, limits)
  assert.ok(memory() - before < 64 * mebibyte)
})

test('CVE-2026-59873: a gzip bomb stops at the limit', async (t) => {
  const limits = { ...defaultLimits, bytes: 16 * mebibyte }
  const packed = gzipSync(
    Buffer.concat([header({ path: 'bomb', size: 2 ** 32 }), Buffer.alloc(64 * mebibyte)]),
  )
  assert.ok(packed.length < mebibyte / 8)
  await refusedGzip(t, packed, /larger than the limit/, limits)
})

test('CVE-2021-20291: a damaged entry in a large layer ends the unpacking; nobody waits for the rest', async (t) => {
  await refusedGzip(
    t,
    gzipSync(Buffer.concat([tar(file('a')).subarray(0, 512), Buffer.alloc(mebibyte, 'x')])),
    /checksum/,
  )
  // A decompressor that fails, and a source that goes on.
  await refusedGzip(
    t,
    gzipSync(Buffer.alloc(mebibyte, 'x')).subarray(0, 500),
    /gzip data is damaged|checksum/,
  )
})

test('CVE-2026-59874: a negative base-256 size is refused, not looped over', needsRoot, async (t) => {
  const { attack } = makeArena(t)
  for (const size of [Buffer.alloc(12, 0xff), Buffer.from('fffffffffffffffffffffe00', 'hex')]) {
    assert.match((await attack(tar(file('a', '', { raw: [[124, size]] }))))!.message, /size is negative/)
  }
})

test('CVE-2026-59875: a NUL in a pax path is an error, not a crash', needsRoot, async (t) => {
  const { attack } = makeArena(t)
  assert.match((await attack(tar({ path: 'a', pax: { path: 'a\0b' } })))!.message, /path holds a NUL/)
  assert.match(
    (await attack(tar({ path: 'a', type: '2', pax: { linkpath: 'a\0b' } })))!.message,
    /linkpath holds a NUL/,
  )
})

test('CVE-2026-59871: a pax path of digits is a path', needsRoot, async (t) => {
  const { attack } = makeArena(t)
  assert.equal(await attack(tar({ path: 'a', pax: { path: '12345' } })), undefined)
})

test('entries without end, headers without end', needsRoot, async (t) => {
  const { attack } = makeArena(t)
  const many = tar(...Array.from({ length: 101 }, (_, at) => file(`f${at}`)))
  assert.match((await attack(many, { ...defaultLimits, entries: 100 }))!.message, /more than 100 entries/)
  assert.match(
    (await attack(Buffer.concat([header({ type: 'x', size: 2 ** 33 - 1 }), Buffer.alloc(mebibyte)])))!
      .message,
    /extension header has/,
  )
})

test('one path replaced again and again is no work that grows', needsRoot, async (t) => {
  const { attack } = makeArena(t)
  const turns = Array.from({ length: 3000 }, () => [directory('x'), file('x/y'), file('x')]).flat()
  assert.equal(
    await attack(tar(...Array.from({ length: 2000 }, (_, at) => directory(`d${at}`)), ...turns)),
    undefined,
  )
})

test('a sparse file of exabytes is a hole or an error, never memory', needsRoot, async (t) => {
  const { attack } = makeArena(t)
  const size = String(2 ** 52)
  const before = memory()
  const failure = await attack(
    tar({ path: 'hole', data: 'x', pax: { 'GNU.sparse.map': '0,1', 'GNU.sparse.size': size } }),
  )
  assert.match(failure?.message ?? 'EFBIG', /EFBIG|errno 27/)
  assert.ok(memory() - before < 64 * mebibyte)
})

test('CVE-2023-25153: a manifest without end in an archive is not read into memory', (t) =>
  withStore(t, async (store, folder) => {
    const spaces = ' '.repeat(8 * mebibyte)
    mkdirSync(`${folder}/oci`)
    writeFileSync(`${folder}/oci/oci-layout`, '{"imageLayoutVersion":"1.0.0"}')
    writeFileSync(`${folder}/oci/index.json`, `{"manifests":[${spaces}]}`)
    writeFileSync(`${folder}/docker.tar`, tar(file('manifest.json', `[${spaces}]`)))
    await assert.rejects(loadImage(store, `${folder}/oci`), /index\.json has more than 4 MiB/)
    await assert.rejects(loadImage(store, `${folder}/docker.tar`), /manifest\.json has more than 4 MiB/)
  }))

test('CVE-2026-73566: long names, one in the other, are bounded work', needsRoot, async (t) => {
  const { attack } = makeArena(t)
  const deep = (length: number) => 'd/'.repeat(length / 2)
  assert.match((await attack(tar({ path: 'x', pax: { path: deep(200_000) } })))!.message, /more than 4095/)
  const many = Array.from({ length: 300 }, (_, at) => ({ path: 'x', pax: { path: `${deep(3000)}${at}` } }))
  assert.equal(await attack(tar(...many)), undefined)
})
