/** Pulls from a registry that misbehaves on purpose into the real store. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { RegistryError } from '../../src/errors.ts'
import type { Platform } from '../../src/image/content.ts'
import { parsePlatform } from '../../src/image/platform.ts'
import { type PulledImage, type PullOptions, pullImage } from '../../src/image/pull.ts'
import { fullReference, parseReference } from '../../src/image/reference.ts'
import { ImageStore } from '../../src/image/store.ts'
import type { TransferEvent } from '../../src/image/transfer-event.ts'
import { file, tar } from './layer/make-tar.ts'
import {
  type Content,
  cutAfter,
  describe,
  digestOf,
  type FakeLayer,
  type Handler,
  honest,
  makeImage,
  ociIndex,
  ociManifest,
  plainLayer,
  type Server,
  serve,
} from './registry/fake-registry.ts'

const amd64 = parsePlatform('linux/amd64')
const layerOf = (name: string, data = name): FakeLayer => plainLayer(tar(file(name, data)))
/** Too big for one packet, and different each time. */
const bigLayer = (name: string, kilobytes = 600): FakeLayer =>
  layerOf(name, randomBytes(kilobytes * 512).toString('hex'))

interface World {
  server: Server
  root: string
  name: string
  events: TransferEvent[]
  pull(options?: Partial<PullOptions>): Promise<PulledImage>
  /** Runs `look` on a store opened anew, as the next command would. */
  inStore<T>(look: (store: ImageStore) => T | Promise<T>): Promise<T>
}

/** A registry that answers with `handler` and an empty store; both end with the test. */
async function inWorld(handler: Handler, story: (world: World) => Promise<void>): Promise<void> {
  const server = await serve(handler)
  const root = mkdtempSync(join(tmpdir(), 'tinyctr-pull-'))
  const events: TransferEvent[] = []
  const reference = parseReference(`${server.host}/x`)
  const inStore: World['inStore'] = async (look) => {
    const store = new ImageStore(root)
    try {
      return await look(store)
    } finally {
      store.close()
    }
  }
  const pull: World['pull'] = (options) =>
    inStore((store) =>
      pullImage(reference, {
        store: store.content,
        layers: store.layers,
        platform: amd64,
        progress: (event) => events.push(event),
        credentials: async () => undefined,
        patience: { attempts: 2, delayMs: 1, longestDelayMs: 10 },
        deadlines: { responseMs: 5000, stallMs: 5000 },
        ...options,
      }),
    )
  try {
    await story({ server, root, name: fullReference(reference), events, pull, inStore })
  } finally {
    await server.close()
    rmSync(root, { recursive: true })
  }
}

/** The registry whose blob `digest` is answered by `handler`, everything else honestly. */
const withBlob =
  (content: Content, digest: string, handler: Handler): Handler =>
  (request, response, times) =>
    (request.url?.endsWith(digest) ? handler : honest(content))(request, response, times)

/** Nothing of a failed pull shows: no name, no half blob or layer where whole ones belong, no workspace. */
async function assertUnharmed({ root, name, inStore }: World, missing: string[]): Promise<void> {
  await inStore((store) => {
    assert.equal(store.content.resolve(name), undefined)
    for (const digest of missing) assert.ok(!store.content.has(digest), `${digest} is not in the store`)
  })
  for (const digest of readdirSync(join(root, 'blobs/sha256'))) {
    assert.equal(digestOf(readFileSync(join(root, 'blobs/sha256', digest))), `sha256:${digest}`)
  }
  assert.deepEqual(readdirSync(join(root, 'tmp')), [])
}

test("a layer whose uncompressed digest is not the config's is refused", async () => {
  const image = makeImage([layerOf('one'), plainLayer(gzipSync(tar(file('two'))))])
  await inWorld(honest(image.content), async (world) => {
    await assert.rejects(world.pull(), /what was unpacked has the digest/)
    await assertUnharmed(world, [])
    assert.ok(!world.events.some(({ kind }) => kind === 'end'))
  })
})

/** A layer as registries hold it: compressed, under one of the six types. */
function packed(name: string, mediaType: string, compress: (bytes: Buffer) => Buffer): FakeLayer {
  const bytes = tar(file(name, name.repeat(1000)))
  return { body: compress(bytes), mediaType, diffId: digestOf(bytes) }
}

const image3 = makeImage([
  packed('one', 'application/vnd.oci.image.layer.v1.tar+gzip', (bytes) => gzipSync(bytes)),
  packed('two', 'application/vnd.docker.image.rootfs.diff.tar.gzip', (bytes) => gzipSync(bytes)),
  packed('three', 'application/vnd.docker.image.rootfs.diff.tar', (bytes) => bytes),
])

test('a pulled image is named, unpacked and told layer by layer', async () => {
  await inWorld(honest(image3.content), async ({ pull, inStore, events, name }) => {
    const pulled = await pull()
    assert.deepEqual(pulled.target, image3.manifest)
    assert.deepEqual(pulled.manifest, image3.manifest)
    assert.deepEqual(pulled.platform, { os: 'linux', architecture: 'amd64' })
    assert.equal(pulled.isNew, true)
    await inStore(async (store) => {
      assert.equal(store.content.resolve(name)?.digest, image3.manifest.digest)
      const { layerDirectories } = await store.resolveImage(name, amd64)
      const top = layerDirectories.map((path) => readdirSync(path))
      assert.deepEqual(top, [['three'], ['two'], ['one']])
      assert.equal(readFileSync(join(layerDirectories[2]!, 'one'), 'utf8'), 'one'.repeat(1000))
    })
    const told = events.map((event) => (event.kind === 'layer' ? event.status : event.kind))
    assert.deepEqual(told.slice(0, 4), ['begin', 'waiting', 'waiting', 'waiting'])
    assert.equal(told.filter((status) => status === 'complete').length, 3)
    assert.equal(told.at(-1), 'end')
  })
})

test('what is there already is not asked for again', async () => {
  await inWorld(honest(image3.content), async ({ pull, server, events }) => {
    await pull()
    server.seen.length = 0
    events.length = 0
    assert.equal((await pull()).isNew, false)
    assert.deepEqual(
      server.seen.map(({ line }) => line),
      ['GET /v2/x/manifests/latest'],
    )
    assert.equal(events.filter((event) => event.kind === 'layer' && event.status === 'exists').length, 3)
  })
})

/** An index of `platforms`, each with an image of its own. */
function makeIndex(platforms: Platform[]): { content: Content; manifests: string[]; digest: string } {
  const images = platforms.map((platform) => makeImage([layerOf(platform.architecture)], platform))
  const manifests = images.map(({ manifest }, at) => ({ ...manifest, platform: platforms[at] }))
  const text = JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests })
  const content: Content = new Map(images.flatMap((image) => [...image.content]))
  content.set('manifests/latest', { type: ociIndex, body: text })
  return { content, manifests: manifests.map(({ digest }) => digest), digest: digestOf(text) }
}

const index = makeIndex([parsePlatform('linux/arm64'), amd64])

test('of an index, only the asked platform is fetched; a second one joins it', async () => {
  await inWorld(honest(index.content), async ({ pull, inStore, name }) => {
    const pulled = await pull()
    assert.equal(pulled.target.digest, index.digest)
    assert.equal(pulled.manifest.digest, index.manifests[1])
    await inStore((store) => assert.ok(!store.content.has(index.manifests[0]!)))

    const arm64 = parsePlatform('linux/arm64')
    const second = await pull({ platform: arm64 })
    assert.deepEqual([second.isNew, second.manifest.digest], [false, index.manifests[0]])
    await inStore(async (store) => {
      assert.equal((await store.resolveImage(name, amd64)).platform.architecture, 'amd64')
      assert.equal((await store.resolveImage(name, arm64)).platform.architecture, 'arm64')
    })
    await assert.rejects(
      pull({ platform: parsePlatform('linux/s390x') }),
      /only for linux\/arm64, linux\/amd64/,
    )
  })
})

test('the largest layers first, three at once', async () => {
  const layers = [1, 5, 3, 9, 7].map((kilobytes) => bigLayer(`f${kilobytes}`, kilobytes))
  const image = makeImage(layers)
  let open = 0
  let most = 0
  const counted: Handler = (request, response, times) => {
    most = Math.max(most, ++open)
    response.on('close', () => open--)
    setTimeout(() => honest(image.content)(request, response, times), 30)
  }
  await inWorld(counted, async ({ pull, server }) => {
    await pull()
    const order = server.seen.map(({ line }) => image.layers.findIndex(({ digest }) => line.endsWith(digest)))
    assert.deepEqual(
      order.filter((at) => at >= 0),
      [3, 4, 1, 2, 0],
    )
    assert.equal(most, 3)
  })
})

test('one blob may be several layers', async () => {
  const same = layerOf('same')
  const image = makeImage([same, layerOf('other'), same, same])
  await inWorld(honest(image.content), async ({ pull, server, inStore, name }) => {
    await pull()
    assert.equal(server.seen.length, 1 + 1 + 2)
    await inStore(async (store) => {
      const { layerDirectories } = await store.resolveImage(name, amd64)
      assert.deepEqual(
        layerDirectories.map((path) => readdirSync(path)[0]),
        ['same', 'same', 'other', 'same'],
      )
    })
  })
})

const victim = makeImage([bigLayer('big'), layerOf('small')])
const victimBlob = victim.layers[0]!
const victimBody = Buffer.from(victim.content.get(`blobs/${victimBlob.digest}`)!.body)

/** What the registry does to the big layer, what the error says. */
const attacks: [string, Handler, RegExp][] = [
  [
    'altered',
    (_, r) => void r.end(Buffer.concat([victimBody.subarray(0, -600), randomBytes(600)])),
    /Cannot use blob sha256:[a-f0-9]{64}: the \d+ bytes that arrived have the digest/,
  ],
  ['longer', (_, r) => void r.end(Buffer.concat([victimBody, victimBody])), /sends more than/],
  ['shorter', (_, r) => void r.end(victimBody.subarray(0, 100_000)), /only 100000 of/],
  ['not there', (_, r) => void r.writeHead(404).end(), /has no blob/],
  ['cut again and again', (_, r) => cutAfter(r, victimBody, 1000), /only|closed the connection/],
]

for (const [what, handler, says] of attacks) {
  test(`a layer that is ${what} leaves the store unharmed, and the next pull is right`, async () => {
    let isHostile = true
    const blob: Handler = (...args) => (isHostile ? handler : honest(victim.content))(...args)
    await inWorld(withBlob(victim.content, victimBlob.digest, blob), async (world) => {
      await assert.rejects(
        world.pull(),
        (error: unknown) => error instanceof RegistryError && says.test(error.message),
      )
      await assertUnharmed(world, [victimBlob.digest])
      isHostile = false
      assert.equal((await world.pull()).isNew, true)
      await world.inStore((store) => assert.ok(store.content.has(victimBlob.digest)))
    })
  })
}

test('what arrived before a failure is resumed by the next pull', async () => {
  let isHostile = true
  const blob: Handler = (request, response, times) =>
    isHostile ? cutAfter(response, victimBody, 200_000) : honest(victim.content)(request, response, times)
  await inWorld(withBlob(victim.content, victimBlob.digest, blob), async ({ pull, server }) => {
    await assert.rejects(pull({ patience: { attempts: 1, delayMs: 1, longestDelayMs: 1 } }))
    isHostile = false
    server.seen.length = 0
    await pull()
    const again = server.seen.filter(({ line }) => line.endsWith(victimBlob.digest))
    assert.match(again[0]?.headers.range ?? '', /^bytes=[1-9]\d+-$/)
    assert.equal(again.length, 1)
  })
})

test('a leftover that is wrong is thrown away, and the blob fetched whole', async () => {
  await inWorld(honest(victim.content), async ({ pull, inStore, server }) => {
    await inStore(async (store) => {
      const writer = await store.content.newBlob(victimBlob.digest)
      await writer.write(randomBytes(1000))
      await writer.abort()
    })
    await pull()
    const ranges = server.seen
      .filter(({ line }) => line.endsWith(victimBlob.digest))
      .map(({ headers }) => headers.range)
    assert.deepEqual(ranges, ['bytes=1000-', undefined])
  })
})

test('an abort in the middle of a layer throws its reason and leaves the store unharmed', async () => {
  const slow: Handler = (_, response) => {
    response.writeHead(200, { 'content-length': victimBody.length })
    response.write(victimBody.subarray(0, 100_000))
  }
  await inWorld(withBlob(victim.content, victimBlob.digest, slow), async (world) => {
    const stop = new AbortController()
    const reason = new Error('Ctrl-C')
    const progress = (event: TransferEvent): void => {
      if (event.kind === 'layer' && event.digest === victimBlob.digest && event.done > 0) stop.abort(reason)
    }
    await assert.rejects(world.pull({ signal: stop.signal, progress }), (error) => error === reason)
    await assertUnharmed(world, [victimBlob.digest])
  })
})

test('a pull that fails leaves the name where it was', async () => {
  let current: Handler = honest(image3.content)
  await inWorld(
    (...args) => current(...args),
    async ({ pull, inStore, name }) => {
      await pull()
      current = withBlob(victim.content, victimBlob.digest, (_, response) => void response.end('x'))
      await assert.rejects(pull())
      await inStore(async (store) => {
        assert.equal(store.content.resolve(name)?.digest, image3.manifest.digest)
        assert.equal((await store.resolveImage(name, amd64)).id, image3.config.digest)
      })
      current = honest(victim.content)
      assert.equal((await pull()).isNew, true)
    },
  )
})

/** What the manifest is, what the error says. */
const refusals: [string, (manifest: Record<string, unknown>) => unknown, RegExp][] = [
  [
    'an artifact',
    (manifest) => ({ ...manifest, config: describe('{}', 'application/vnd.cncf.helm.config.v1+json') }),
    /it is an artifact \(application\/vnd\.cncf\.helm\.config\.v1\+json\), not a container image/,
  ],
  [
    'of foreign layers',
    (manifest) => ({
      ...manifest,
      layers: [describe('x', 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip')],
    }),
    /is foreign/,
  ],
  [
    'of layers of an unknown type',
    (manifest) => ({ ...manifest, layers: [describe('x', 'application/vnd.oci.image.layer.v1.tar+lz4')] }),
    /has the unknown type application\/vnd\.oci\.image\.layer\.v1\.tar\+lz4/,
  ],
  ['two documents in one', (manifest) => ({ ...manifest, manifests: [] }), /but has "manifests"/],
  ['under a false type', (manifest) => ({ ...manifest, mediaType: ociIndex }), /but calls itself/],
  ['without layers', ({ layers: _, ...manifest }) => manifest, /layers/],
  [
    'with fewer layers than its config',
    (manifest) => ({ ...manifest, layers: [] }),
    /lists 3 layers where the manifest has 0/,
  ],
  [
    'with a path for a digest',
    (manifest) => ({
      ...manifest,
      layers: [{ ...describe('x', ociManifest), digest: 'sha256:../../etc/passwd' }],
    }),
    /Cannot use/,
  ],
  ['not JSON', () => 'nonsense', /Cannot use manifest/],
]

for (const [what, change, says] of refusals) {
  test(`a manifest ${what} is refused`, async () => {
    const changed = change(JSON.parse(String(image3.content.get('manifests/latest')!.body)))
    const body = typeof changed === 'string' ? changed : JSON.stringify(changed)
    const content = new Map([...image3.content, ['manifests/latest', { type: ociManifest, body }] as const])
    await inWorld(honest(content), async (world) => {
      await assert.rejects(
        world.pull(),
        (error: unknown) => error instanceof RegistryError && says.test(error.message),
      )
      await assertUnharmed(world, [])
    })
  })
}

test('an image for another platform is pulled as it is, unless a platform was asked for', async () => {
  const foreign = makeImage([layerOf('x')], { os: 'linux', architecture: 's390x' })
  await inWorld(honest(foreign.content), async (world) => {
    await assert.rejects(world.pull(), /for linux\/amd64: it exists only for linux\/s390x/)
    await assertUnharmed(world, [])
    assert.equal((await world.pull({ platform: undefined })).platform.architecture, 's390x')
  })
  const windows = makeImage([layerOf('x')], { os: 'windows', architecture: 'amd64' })
  await inWorld(honest(windows.content), async ({ pull }) => {
    await assert.rejects(pull({ platform: undefined }), /it exists only for windows\/amd64/)
  })
})

test('no registry: nothing is left behind but an empty store', async () => {
  await inWorld(honest(new Map()), async (world) => {
    await world.server.close()
    await assert.rejects(world.pull(), { unreachable: true })
    await assertUnharmed(world, [])
    assert.ok(existsSync(join(world.root, 'index.json')))
  })
})
