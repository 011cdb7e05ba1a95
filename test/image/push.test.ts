/** push against docker-registry, with skopeo and ourselves as those who pull; and against registries that break. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { after, before, describe, type TestContext, test } from 'node:test'
import {
  type Registry,
  registryMissing,
  registryUser,
  startRegistry,
} from '../../rootfs-fixtures/registry/registry.ts'
import { RegistryError } from '../../src/errors.ts'
import { pullImage } from '../../src/image/pull.ts'
import { type PushOptions, pushImage } from '../../src/image/push.ts'
import { fullReference, parseReference } from '../../src/image/reference.ts'
import { ImageStore } from '../../src/image/store.ts'
import type { TransferEvent } from '../../src/image/transfer-event.ts'
import { file, tar } from './layer/make-tar.ts'
import { scratch } from './layer/unpack-into.ts'
import {
  type Handler,
  honest,
  makeImage,
  ociIndex,
  plainLayer,
  type Server,
  serve,
} from './registry/fake-registry.ts'
import { issue, testCa } from './registry/test-ca.ts'
import { serveTokens } from './registry/token-server.ts'

const patience = { attempts: 4, delayMs: 1, longestDelayMs: 50 }
const skopeo = (...args: string[]): string =>
  execFileSync('skopeo', args, { encoding: 'utf8', stdio: 'pipe' })

/** Closed before its folder goes. */
function openStore(t: TestContext): ImageStore {
  let store: ImageStore | undefined
  t.after(() => store?.close())
  store = new ImageStore(scratch(t))
  return store
}

/** A store that holds `image` under `name`, pulled from a registry of the test. */
async function storeWith(
  t: TestContext,
  image: ReturnType<typeof makeImage>,
  name: string,
): Promise<ImageStore> {
  const source = await serve(honest(image.content))
  const store = openStore(t)
  try {
    const { content, layers } = store
    await pullImage(parseReference(`${source.host}/x`), {
      store: content,
      layers,
      credentials: async () => undefined,
    })
    const target = content.resolve(`${source.host}/x:latest`)!
    await content.tag(fullReference(parseReference(name)), target)
  } finally {
    await source.close()
  }
  return store
}

async function push(store: ImageStore, name: string, options: Partial<PushOptions> = {}): Promise<string[]> {
  const told: TransferEvent[] = []
  const credentials = async () => undefined
  const progress = (event: TransferEvent) => told.push(event)
  await pushImage(parseReference(name), { store: store.content, credentials, patience, progress, ...options })
  return told.flatMap((event) =>
    event.kind === 'layer' && !['preparing', 'pushing'].includes(event.status) ? [event.status] : [],
  )
}

const layerOf = (bytes: number) => plainLayer(tar(file('random', randomBytes(bytes) as never)))

describe('push to docker-registry', { skip: registryMissing }, () => {
  let registry: Registry
  before(async () => {
    registry = await startRegistry()
  })
  after(() => registry?.stop())
  const inspect = (name: string): string =>
    skopeo('inspect', '--raw', '--tls-verify=false', `docker://${name}`)

  test('what skopeo finds is what was pushed; again nothing is sent; another repository gets a mount', async (t) => {
    const image = makeImage([layerOf(3_000_000), layerOf(1000)])
    const [one, two] = [`127.0.0.1:${registry.port}/one:tag`, `127.0.0.1:${registry.port}/deep/two`]
    const store = await storeWith(t, image, one)
    assert.deepEqual(await push(store, one), ['pushed', 'pushed'])
    assert.equal(inspect(one), image.content.get('manifests/latest')!.body)
    skopeo('copy', '-q', '--src-tls-verify=false', `docker://${one}`, `dir:${scratch(t)}/copy`)
    assert.deepEqual(await push(store, one), ['present', 'present'])

    await store.content.tag(fullReference(parseReference(two)), image.manifest)
    assert.deepEqual(await push(store, two, { heldBy: () => 'one' }), ['mounted', 'mounted'])
    assert.equal(inspect(two), image.content.get('manifests/latest')!.body)
    const three = `127.0.0.1:${registry.port}/three`
    await store.content.tag(fullReference(parseReference(three)), image.manifest)
    assert.deepEqual(await push(store, three, { heldBy: () => 'not/there' }), ['pushed', 'pushed'])
  })

  test('an index whole, or of one platform what the store has of it', async (t) => {
    const [amd64, arm64] = ['amd64', 'arm64'].map((architecture) =>
      makeImage([layerOf(100)], { os: 'linux', architecture }),
    )
    const manifests = [amd64!, arm64!].map(({ manifest }, at) => ({
      ...manifest,
      platform: { os: 'linux', architecture: ['amd64', 'arm64'][at]! },
    }))
    const body = JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests })
    const content = new Map([
      ...amd64!.content,
      ...arm64!.content,
      ['manifests/latest', { type: ociIndex, body }],
    ])
    const source = await serve(honest(content))
    t.after(() => source.close())
    const store = openStore(t)
    const pull = (architecture: string) =>
      pullImage(parseReference(`${source.host}/x`), {
        store: store.content,
        layers: store.layers,
        platform: { os: 'linux', architecture },
        credentials: async () => undefined,
      })
    const name = `127.0.0.1:${registry.port}/multi`
    const { target } = await pull('arm64')
    await store.content.tag(fullReference(parseReference(name)), target)
    let partial: unknown
    await push(store, name, { onPartial: (platform) => (partial = platform) })
    assert.deepEqual(partial, { os: 'linux', architecture: 'arm64' })
    assert.equal(inspect(name), arm64!.content.get('manifests/latest')!.body)

    await pull('amd64')
    assert.equal((await push(store, name)).length, 2)
    assert.equal(inspect(name), body)
    await push(store, name, { platform: { os: 'linux', architecture: 'amd64' } })
    assert.equal(inspect(name), amd64!.content.get('manifests/latest')!.body)
  })

  test("what the store does not have is told in docker's words", async (t) => {
    const store = openStore(t)
    await assert.rejects(
      push(store, 'nothing'),
      /An image does not exist locally with the tag: nothing:latest/,
    )
  })
})

test('tokens: each repository its scope, mounts both; without a login denied', {
  skip: registryMissing || testCa.missing,
}, async (t) => {
  const pair = issue(testCa.pair)
  const tokens = await serveTokens(pair)
  t.after(() => tokens.close())
  const token = {
    realm: `http://${tokens.host}/token`,
    service: 'test',
    issuer: 'test',
    cert: testCa.pair.cert,
  }
  const registry = await startRegistry({ token })
  t.after(() => registry.stop())
  const [one, two] = [`127.0.0.1:${registry.port}/one`, `127.0.0.1:${registry.port}/two`]
  const store = await storeWith(t, makeImage([layerOf(2_000_000)]), one)
  const credentials = async () => registryUser
  await assert.rejects(
    push(store, one),
    /denied: requested access to the resource is denied; try 'tinyctr login'/,
  )
  assert.deepEqual(await push(store, one, { credentials }), ['pushed'])
  await store.content.tag(fullReference(parseReference(two)), store.content.resolve(`${one}:latest`)!)
  assert.deepEqual(await push(store, two, { credentials, heldBy: () => 'one' }), ['mounted'])
  assert.ok(
    tokens.seen.some(({ line }) => line.includes('scope=repository%3Aone%3Apull') && line.includes('two')),
  )
  const pulled = openStore(t)
  const { content, layers } = pulled
  await pullImage(parseReference(two), { store: content, layers, credentials: async () => undefined })
})

/** A registry that takes uploads into memory, and may be made to break. */
function writable(): { handler: Handler; blobs: Map<string, Buffer>; breakAfter: number[]; lines: string[] } {
  const blobs = new Map<string, Buffer>()
  const uploads = new Map<string, Buffer>()
  const breakAfter: number[] = []
  const lines: string[] = []
  const handler: Handler = (request, response) => {
    const url = new URL(request.url!, 'http://x')
    const id = url.pathname.split('/').at(-1)!
    lines.push(
      `${request.method} ${url.pathname.replace(/sha256:.*/, 'D')} ${request.headers['content-range'] ?? ''}`.trim(),
    )
    const location = (to: string, have: number) => ({
      location: `/v2/x/blobs/uploads/${to}`,
      range: `0-${have - 1}`,
    })
    const pieces: Buffer[] = []
    const limit = request.method === 'PATCH' ? (breakAfter.shift() ?? Infinity) : Infinity
    let size = 0
    const store = () => uploads.set(id, Buffer.concat([uploads.get(id) ?? Buffer.alloc(0), ...pieces]))
    request.on('data', (piece: Buffer) => {
      if (size < limit) pieces.push(piece)
      size += piece.length
      if (size >= limit && limit !== Infinity && !request.destroyed) {
        store()
        request.destroy()
      }
    })
    request.on('error', () => {})
    request.on('end', () => {
      if (request.method === 'HEAD') response.writeHead(blobs.has(id) ? 200 : 404).end()
      else if (request.method === 'POST') {
        const name = String(uploads.size)
        uploads.set(name, Buffer.alloc(0))
        response.writeHead(202, location(name, 1)).end()
      } else if (request.method === 'GET') {
        response.writeHead(204, location(id, uploads.get(id)!.length)).end()
      } else if (request.method === 'PATCH') {
        store()
        response.writeHead(202, location(id, uploads.get(id)!.length)).end()
      } else if (url.pathname.includes('/manifests/')) response.writeHead(201).end()
      else {
        store()
        blobs.set(url.searchParams.get('digest')!, uploads.get(id)!)
        response.writeHead(201).end()
      }
    })
  }
  return { handler, blobs, breakAfter, lines }
}

async function start(t: TestContext, handler: Handler): Promise<Server> {
  const server = await serve(handler)
  t.after(() => server.close())
  return server
}

test('a broken connection: the upload goes on where the registry says that it stopped', async (t) => {
  const { handler, blobs, breakAfter, lines } = writable()
  const server = await start(t, handler)
  const image = makeImage([layerOf(4_000_000)])
  const store = await storeWith(t, image, `${server.host}/x`)
  breakAfter.push(1_000_000, 500_000)
  await push(store, `${server.host}/x`)
  const [layer] = image.layers
  assert.deepEqual(blobs.get(layer!.digest), Buffer.from(image.content.get(`blobs/${layer!.digest}`)!.body))
  const ranges = lines
    .filter((line) => line.startsWith('PATCH'))
    .map((line) => Number(/ (\d+)-/.exec(line)?.[1] ?? 0))
  assert.equal(ranges.length, 3, lines.join('\n'))
  assert.ok(ranges[0] === 0 && ranges[1]! >= 1_000_000 && ranges[2]! > ranges[1]!, String(ranges))
})

test('CVE-2020-15157 of push: an upload that the registry sends elsewhere carries no login', async (t) => {
  const { handler } = writable()
  const elsewhere = await start(t, handler)
  const server = await start(t, (request, response, times) => {
    if (request.headers.authorization === undefined) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    } else if (request.method === 'POST') {
      response.writeHead(202, { location: `http://${elsewhere.host}/v2/x/blobs/uploads/0?signed=1` }).end()
    } else handler(request, response, times)
  })
  const store = await storeWith(t, makeImage([layerOf(1_000_000)]), `${server.host}/x`)
  await push(store, `${server.host}/x`, { credentials: async () => registryUser })
  assert.ok(elsewhere.seen.length > 0)
  assert.deepEqual(
    elsewhere.seen.filter(({ headers }) => headers.authorization !== undefined),
    [],
  )
})

test('a registry that breaks every time, files it wrongly or says nothing useful', async (t) => {
  const answers: [Handler, RegExp][] = [
    [(_, response) => void response.writeHead(500).end(), /HTTP 500/],
    [
      (request, response) => void response.writeHead(request.method === 'HEAD' ? 404 : 202).end(),
      /does not say where/,
    ],
    [
      (request, response) =>
        void response.writeHead(request.method === 'HEAD' ? 404 : 202, { location: 'http://[' }).end(),
      /does not say where/,
    ],
    [(request, response) => void response.writeHead(request.method === 'HEAD' ? 404 : 403).end(), /denied/],
    [
      (request, response) =>
        void (request.method === 'PUT'
          ? response.writeHead(201, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` }).end()
          : response.writeHead(200).end()),
      /filed sha256:/,
    ],
  ]
  for (const [handler, says] of answers) {
    const server = await start(t, handler)
    const store = await storeWith(t, makeImage([layerOf(100)]), `${server.host}/x`)
    await assert.rejects(push(store, `${server.host}/x`), (error: Error) => {
      assert.ok(error instanceof RegistryError, error.stack)
      assert.match(error.message, says)
      return true
    })
  }
})

test('an interrupted push ends at once, and puts no manifest', async (t) => {
  const { handler, lines } = writable()
  const server = await start(t, handler)
  const store = await storeWith(t, makeImage([layerOf(4_000_000)]), `${server.host}/x`)
  const controller = new AbortController()
  const reason = new Error('enough')
  const progress = (event: TransferEvent) => {
    if (event.kind === 'layer' && event.status === 'pushing') controller.abort(reason)
  }
  await assert.rejects(push(store, `${server.host}/x`, { signal: controller.signal, progress }), reason)
  assert.ok(!lines.some((line) => line.includes('/manifests/')))
})
