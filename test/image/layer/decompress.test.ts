import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { RegistryError } from '../../../src/errors.ts'
import { decompress, detectCompression } from '../../../src/image/decompress.ts'
import { inPieces } from './unpack-into.ts'

async function all(bytes: Uint8Array, pieces = 10_000): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of decompress(inPieces(bytes, pieces))) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

const content = Buffer.concat([Buffer.alloc(1_500_000, 'some text '), randomBytes(500_000)])
const zstd = (bytes: Buffer, ...flags: string[]) =>
  execFileSync('zstd', ['-qc', ...flags], { input: bytes, maxBuffer: 1 << 28 })
const packed = {
  none: content,
  gzip: gzipSync(content),
  'gzip of two members': Buffer.concat([
    gzipSync(content.subarray(0, 900_000)),
    gzipSync(content.subarray(900_000)),
  ]),
  zstd: zstd(content),
  'zstd of two frames': Buffer.concat([
    zstd(content.subarray(0, 900_000)),
    zstd(content.subarray(900_000), '-19'),
  ]),
}

for (const [name, bytes] of Object.entries(packed)) {
  test(`${name}, in pieces of any size`, async () => {
    for (const pieces of [bytes.length, 65_536, 997]) assert.ok((await all(bytes, pieces)).equals(content))
    assert.ok((await all(bytes.subarray(0, 0))).length === 0)
  })
}

test('the first bytes decide, also when they come one by one', async () => {
  assert.equal(detectCompression(packed.gzip), 'gzip')
  assert.equal(detectCompression(packed.zstd), 'zstd')
  assert.equal(detectCompression(Buffer.from('usr/')), 'none')
  assert.equal(detectCompression(new Uint8Array()), 'none')
  assert.equal((await all(gzipSync('short'), 1)).toString(), 'short')
})

for (const name of ['gzip', 'zstd'] as const) {
  test(`damaged and truncated ${name} is an error`, async () => {
    const bytes = packed[name]
    // Bun's zstd ends without a word where the frame stops short; the diff id refuses the layer then.
    const truncated = await all(bytes.subarray(0, bytes.length - 100_000)).catch((error) => error)
    assert.ok(truncated instanceof RegistryError || (name === 'zstd' && truncated.length < content.length))
    const altered = Buffer.from(bytes)
    altered.fill(0xff, 40, 400)
    await assert.rejects(
      all(altered),
      (error) => error instanceof RegistryError && /damaged or incomplete/.test(error.message),
    )
  })
}

test('an error of the source is passed on as it is', async () => {
  const failure = new Error('the network went away')
  async function* source() {
    yield packed.gzip.subarray(0, 5000)
    throw failure
  }
  await assert.rejects(async () => {
    for await (const _ of decompress(source()));
  }, failure)
})
