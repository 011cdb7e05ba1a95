import assert from 'node:assert/strict'
import { test } from 'node:test'
import { imageUsage } from '../../../src/engine/image/image-usage.ts'
import type { ListedImage } from '../../../src/image/store/catalog.ts'

const image = (id: string, chain: string[]): ListedImage => ({
  id,
  manifest: id,
  platform: { os: 'linux', architecture: 'amd64' },
  chain,
  bytes: 0,
  entries: [],
})

test('a layer of two images counts once; what an image in use has is not reclaimable', () => {
  const [one, two, empty] = [image('1', ['base', 'a']), image('2', ['base', 'b', 'b']), image('3', [])]
  const bytes: Record<string, number> = { base: 100, a: 10, b: 1 }
  const usage = imageUsage(
    [one, two, empty],
    (chainId) => bytes[chainId]!,
    ({ id }) => id === '1',
  )
  assert.equal(usage.bytes, 111)
  assert.equal(usage.reclaimable, 1)
  assert.deepEqual(usage.of.get(one), { shared: 100, unique: 10 })
  assert.deepEqual(usage.of.get(two), { shared: 100, unique: 1 })
  assert.deepEqual(usage.of.get(empty), { shared: 0, unique: 0 })
})
