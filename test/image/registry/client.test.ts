import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { RegistryError } from '../../../src/errors.ts'
import type { Descriptor } from '../../../src/image/content.ts'
import { parseReference } from '../../../src/image/reference.ts'
import { openRegistry, type Registry, type RegistryOptions } from '../../../src/image/registry/client.ts'
import { isUnreachable, NetworkError } from '../../../src/image/registry/failure.ts'
import {
  cutAfter,
  describe,
  type Handler,
  honest,
  makeImage,
  ociManifest,
  type Server,
  serve,
} from './fake-registry.ts'

const servers: Server[] = []
after(() => Promise.all(servers.map((server) => server.close())))

async function start(handler: Handler): Promise<Server> {
  const server = await serve(handler)
  servers.push(server)
  return server
}

const impatient: RegistryOptions = {
  credentials: async () => undefined,
  patience: { attempts: 3, delayMs: 1, longestDelayMs: 2000 },
  deadlines: { responseMs: 5000, stallMs: 200 },
}

const open = ({ host }: Server, options: RegistryOptions = {}): Registry =>
  openRegistry(parseReference(`${host}/x`), { ...impatient, ...options })

async function read(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of bytes) pieces.push(piece)
  return Buffer.concat(pieces)
}

const saying =
  (pattern: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof RegistryError, String(error))
    assert.match(error.message, pattern)
    return true
  }

const image = makeImage([])
const manifestText = String(image.content.get('manifests/latest')!.body)
const blob = randomBytes(300_000)
const blobDescriptor = describe(blob, 'application/octet-stream')

/** Answers every request for a blob with `handler`. */
const blobServer = (handler: Handler): Promise<Server> => start(handler)

test('a manifest by tag: all types are accepted, the digest is of what came', async () => {
  const server = await start(honest(image.content))
  const { descriptor, content } = await open(server).manifest('latest')
  assert.deepEqual(descriptor, image.manifest)
  assert.equal(Buffer.from(content).toString(), manifestText)
  assert.equal(server.seen[0]?.line, 'GET /v2/x/manifests/latest')
  for (const type of ['oci.image.index.v1', 'oci.image.manifest.v1', 'manifest.list.v2', 'manifest.v2']) {
    assert.match(server.seen[0]!.headers.accept!, new RegExp(`${type.replaceAll('.', '\\.')}\\+json`))
  }
})

/** what the registry sends, what is asked for, what the error says */
const badManifests: [string, Handler, string, RegExp][] = [
  [
    'altered',
    (_, r) => void r.setHeader('content-type', ociManifest).end('{}'),
    image.manifest.digest,
    /the digest/,
  ],
  [
    'under a false Docker-Content-Digest',
    (_, r) =>
      void r
        .setHeader('content-type', ociManifest)
        .setHeader('docker-content-digest', image.manifest.digest)
        .end(`${manifestText} `),
    'latest',
    /altered/,
  ],
  [
    'larger than 4 MiB',
    (_, r) => void r.setHeader('content-type', ociManifest).end(Buffer.alloc(4 * 1024 * 1024 + 1)),
    'latest',
    /larger than 4 MiB/,
  ],
  [
    'a web page',
    (_, r) => void r.setHeader('content-type', 'text/html').end('<p>'),
    'latest',
    /"text\/html".*registry\?/,
  ],
  ['without a type', (_, r) => void r.end('{}'), 'latest', /without a type/],
  [
    'schema 1',
    (_, r) =>
      void r.setHeader('content-type', 'application/vnd.docker.distribution.manifest.v1+prettyjws').end('{}'),
    'latest',
    /schema 1/,
  ],
  ['not there', honest(new Map()), 'v9', /has no tag "v9"/],
  ['denied', (_, r) => void r.writeHead(403).end(), 'latest', /does not exist on .* or it needs a login/],
  ['denied without a challenge', (_, r) => void r.writeHead(401).end(), 'latest', /or it needs a login/],
  [
    'a strange status with escape codes',
    (_, r) => void r.writeHead(418).end('{"errors":[{"message":"\\u001b[2Jno \\n tea"}]}'),
    'latest',
    /HTTP 418 \( \[2Jno {3}tea\)$/,
  ],
]

for (const [what, handler, asked, says] of badManifests) {
  test(`a manifest ${what} is refused`, async () => {
    const server = await start(handler)
    await assert.rejects(open(server).manifest(asked), saying(says))
    assert.equal(server.seen.length, 1, 'and not asked for again')
  })
}

test('429 with Retry-After is waited for', async () => {
  const server = await start((request, response, times) =>
    times < 2
      ? void response.writeHead(429, { 'retry-after': times === 0 ? '0' : new Date().toUTCString() }).end()
      : honest(image.content)(request, response, times),
  )
  const { descriptor } = await open(server).manifest('latest')
  assert.equal(descriptor.digest, image.manifest.digest)
  assert.equal(server.seen.length, 3)
})

test('a Retry-After longer than our patience is told at once', async () => {
  const server = await start((_, response) => void response.writeHead(429, { 'retry-after': '3600' }).end())
  await assert.rejects(open(server).manifest('latest'), saying(/too many requests; it asks to wait 3600 s/))
  assert.equal(server.seen.length, 1)
})

test('5xx is tried again, but not for ever', async () => {
  const server = await start((_, response) => void response.writeHead(503).end())
  await assert.rejects(open(server).manifest('latest'), saying(/HTTP 503/))
  assert.equal(server.seen.length, 3)
})

test('no registry at all is distinguishable, and found out at once', async () => {
  const server = await serve(() => {})
  await server.close()
  await assert.rejects(
    open(server).manifest('latest'),
    (error) => isUnreachable(error) && /nothing listens/.test(String(error)),
  )
  const nowhere = openRegistry(parseReference('registry.invalid/x'), impatient)
  await assert.rejects(
    nowhere.manifest('latest'),
    (error) => isUnreachable(error) && error instanceof NetworkError,
  )
})

test('a registry that accepts and says nothing is unreachable', async () => {
  const server = await start(() => {})
  const deadlines = { responseMs: 100, stallMs: 100 }
  await assert.rejects(open(server, { deadlines }).manifest('latest'), (error) => isUnreachable(error))
})

test('a registry that answered once and is gone is not "unreachable"', async () => {
  const server = await start(honest(image.content))
  const registry = open(server)
  await registry.manifest('latest')
  await server.close()
  await assert.rejects(
    registry.manifest('latest'),
    (error) => error instanceof NetworkError && !isUnreachable(error),
  )
})

test('a blob arrives as it is, from any offset', async () => {
  const server = await blobServer(
    honest(new Map([[`blobs/${blobDescriptor.digest}`, { type: '', body: blob }]])),
  )
  assert.ok(blob.equals(await read(open(server).blob(blobDescriptor))))
  assert.ok(blob.subarray(1000).equals(await read(open(server).blob(blobDescriptor, 1000))))
  assert.equal(server.seen[1]?.headers.range, 'bytes=1000-')
  assert.equal((await read(open(server).blob(blobDescriptor, blob.length))).length, 0)
  assert.equal(server.seen.length, 2, 'a complete blob is not asked for')
})

const blobContent = new Map([
  [`blobs/${blobDescriptor.digest}`, { type: 'application/octet-stream', body: blob }],
])

test('a connection cut in the middle is resumed by Range', async () => {
  const server = await blobServer((request, response, times) =>
    times === 0 ? cutAfter(response, blob, 100_000) : honest(blobContent)(request, response, times),
  )
  assert.ok(blob.equals(await read(open(server).blob(blobDescriptor))))
  assert.match(server.seen[1]!.headers.range!, /^bytes=[1-9]\d*-$/)
})

test('a registry that knows no ranges is resumed too', async () => {
  const server = await blobServer((_, response, times) =>
    times === 0 ? cutAfter(response, blob, 100_000) : void response.end(blob),
  )
  assert.ok(blob.equals(await read(open(server).blob(blobDescriptor))))
})

test('a stalled connection is dropped and resumed', async () => {
  const server = await blobServer((request, response, times) => {
    if (times > 0) return honest(blobContent)(request, response, times)
    response.writeHead(200, { 'content-length': blob.length })
    response.write(blob.subarray(0, 5000))
  })
  assert.ok(blob.equals(await read(open(server).blob(blobDescriptor))))
  assert.equal(server.seen.length, 2)
})

/** what the registry does with a blob, what the error says, after how many requests */
const badBlobs: [string, Handler, RegExp, number][] = [
  ['is always shorter', (_, r) => void r.end(blob.subarray(0, 1000)), /only 1000 of 300000 bytes arrived/, 3],
  [
    'stalls for ever',
    (_, r) => void r.writeHead(200, { 'content-length': 300_000 }).write('x'),
    /nothing arrived for 200 ms/,
    3,
  ],
  ['is longer', (_, r) => void r.end(Buffer.concat([blob, blob])), /more than the 300000 bytes/, 1],
  ['is not there', (_, r) => void r.writeHead(404).end(), /has no blob sha256:/, 1],
  [
    'is another part',
    (_, r) => void r.writeHead(206, { 'content-range': 'bytes 5-9/300000' }).end('01234'),
    /another part/,
    1,
  ],
]

for (const [what, handler, says, requests] of badBlobs) {
  test(`a blob that ${what} is refused`, async () => {
    const server = await blobServer(handler)
    await assert.rejects(read(open(server).blob(blobDescriptor)), saying(says))
    assert.equal(server.seen.length, requests)
  })
}

test('an endless blob is not read beyond its size', async () => {
  let sent = 0
  const server = await blobServer((_, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(blob)) sent += blob.length
      if (!response.destroyed) response.once('drain', more)
    }
    more()
  })
  const small: Descriptor = { ...blobDescriptor, size: 1000 }
  await assert.rejects(read(open(server).blob(small)), saying(/more than the 1000 bytes/))
  assert.ok(sent < 100 * blob.length)
})

test('an abort throws its own reason, and closes the connection', async () => {
  let closed: () => void
  const isClosed = new Promise<void>((resolve) => {
    closed = resolve
  })
  const server = await blobServer((_, response) => {
    response.on('close', () => closed())
    response.writeHead(200, { 'content-length': blob.length })
    response.write(blob.subarray(0, 1000))
  })
  const stop = new AbortController()
  const reason = new Error('Ctrl-C')
  const bytes = open(server, { signal: stop.signal, deadlines: { responseMs: 5000, stallMs: 5000 } }).blob(
    blobDescriptor,
  )
  await assert.rejects(
    (async () => {
      for await (const _ of bytes) stop.abort(reason)
    })(),
    (error) => error === reason,
  )
  await isClosed
  await assert.rejects(open(server, { signal: stop.signal }).manifest('latest'), (error) => error === reason)
})

test('a reader that leaves early closes the connection', async () => {
  let closed: () => void
  const isClosed = new Promise<void>((resolve) => {
    closed = resolve
  })
  const server = await blobServer((_, response) => {
    response.on('close', () => closed())
    response.writeHead(200, { 'content-length': blob.length })
    response.write(blob.subarray(0, 1000))
  })
  for await (const _ of open(server).blob(blobDescriptor)) break
  await isClosed
})
