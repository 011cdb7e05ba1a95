/**
 * Manifests and registries that say two things at once, or send us where we should not go: CVE-2021-41190,
 * CVE-2024-3727, CVE-2020-15157; and CVE-2026-53492, an image whose metadata wants something of the host.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { RegistryError } from '../../src/errors.ts'
import { pullImage } from '../../src/image/pull.ts'
import { parseReference } from '../../src/image/reference.ts'
import { openRegistry } from '../../src/image/registry/client.ts'
import { ImageStore } from '../../src/image/store.ts'
import { file, tar } from '../image/layer/make-tar.ts'
import { needsRoot, scratch } from '../image/layer/unpack-into.ts'
import {
  type Content,
  describe,
  type Handler,
  honest,
  makeImage,
  ociConfig,
  ociIndex,
  ociLayer,
  ociManifest,
  plainLayer,
  type Server,
  serve,
} from '../image/registry/fake-registry.ts'

const alice = { username: 'alice', password: 'secret' }

async function start(t: TestContext, handler: Handler): Promise<Server> {
  const server = await serve(handler)
  t.after(() => server.close())
  return server
}

/** Pulls into a store of its own, as somebody with a login. @returns the data root */
async function pull(t: TestContext, server: Server): Promise<string> {
  const root = scratch(t)
  const store = new ImageStore(root)
  try {
    const options = {
      patience: { attempts: 1, delayMs: 1, longestDelayMs: 1 },
      credentials: async () => alice,
    }
    await pullImage(parseReference(`${server.host}/x`), {
      store: store.content,
      layers: store.layers,
      ...options,
    })
  } finally {
    store.close()
  }
  return root
}

const layer = plainLayer(tar(file('hello', 'x')))
const image = makeImage([layer])

/** The image with another document under its tag. */
function retagged(document: object, type: string): Content {
  return new Map([...image.content, ['manifests/latest', { type, body: JSON.stringify(document) }]])
}

const refused = async (t: TestContext, content: Content, says: RegExp): Promise<void> => {
  const server = await start(t, honest(content))
  await assert.rejects(pull(t, server), (error: Error) => {
    assert.ok(error instanceof RegistryError, error.stack)
    assert.match(error.message, says)
    return true
  })
}

test('CVE-2021-41190: one document that is a manifest to one reader and an index to another', async (t) => {
  const config = describe('{}', ociConfig)
  const both = { schemaVersion: 2, config, layers: image.layers, manifests: [image.manifest] }
  await refused(t, retagged(both, ociManifest), /was sent as .* but has "manifests"/)
  await refused(t, retagged(both, ociIndex), /was sent as .* but has "layers"/)
  const lying = { schemaVersion: 2, mediaType: ociIndex, config: image.config, layers: image.layers }
  await refused(t, retagged(lying, ociManifest), /calls itself/)
})

const hostile = [
  'sha256:../../../../../../etc/passwd',
  `sha256:${'A'.repeat(64)}`,
  `sha256:${'a'.repeat(63)}`,
  `sha256:${'a'.repeat(64)}/../..`,
  `../${'a'.repeat(64)}`,
  'md5:d41d8cd98f00b204e9800998ecf8427e',
  `sha256:${'a'.repeat(64)}?x=1`,
  `sha256:${'a'.repeat(64)}#`,
  '',
]

test('CVE-2024-3727: a digest that is a path reaches neither the registry nor the disk', async (t) => {
  for (const digest of hostile) {
    const places: [object, string][] = [
      [
        {
          schemaVersion: 2,
          mediaType: ociManifest,
          config: image.config,
          layers: [{ mediaType: ociLayer, digest, size: 5 }],
        },
        ociManifest,
      ],
      [
        {
          schemaVersion: 2,
          mediaType: ociManifest,
          config: { mediaType: ociConfig, digest, size: 5 },
          layers: image.layers,
        },
        ociManifest,
      ],
      [
        {
          schemaVersion: 2,
          mediaType: ociIndex,
          manifests: [
            { mediaType: ociManifest, digest, size: 5, platform: { os: 'linux', architecture: 'amd64' } },
          ],
        },
        ociIndex,
      ],
    ]
    for (const [document, type] of places) {
      const server = await start(t, honest(retagged(document, type)))
      await assert.rejects(pull(t, server), RegistryError, digest)
      assert.deepEqual(
        server.seen.filter(
          ({ line }) => line.includes('passwd') || line.includes('..') || line.includes('md5'),
        ),
        [],
        digest,
      )
    }
  }
})

test('CVE-2024-3727: tags and digests that a registry makes up', async (t) => {
  const server = await start(t, (_, response) => {
    response.writeHead(200, { 'content-type': ociManifest, 'docker-content-digest': 'sha256:../../x' })
    response.end(JSON.stringify({ tags: ['../../../etc', 'ok'] }))
  })
  const registry = openRegistry(parseReference(`${server.host}/x`), { credentials: async () => undefined })
  await assert.rejects(registry.manifest('latest'), RegistryError)
  await assert.rejects(registry.tags(), /one that is none, "\.\.\/\.\.\/\.\.\/etc"/)
})

test('CVE-2020-15157: URLs in a layer are not followed, and a login goes to the registry alone', async (t) => {
  const thief = await start(
    t,
    (_, response) => void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
  )
  const foreign = {
    schemaVersion: 2,
    mediaType: ociManifest,
    config: image.config,
    layers: [{ ...image.layers[0]!, urls: [`http://${thief.host}/blob`] }],
  }
  const login = `Basic ${Buffer.from('alice:secret').toString('base64')}`
  const content = retagged(foreign, ociManifest)
  const server = await start(t, (request, response, times) => {
    if (request.headers.authorization === login) honest(content)(request, response, times)
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
  })
  await pull(t, server)
  assert.equal(thief.seen.length, 0, 'the registry has the blob: nobody else is asked')

  const type = 'application/vnd.oci.image.layer.nondistributable.v1.tar'
  const only = { ...foreign, layers: [{ ...foreign.layers[0]!, mediaType: type }] }
  await refused(t, retagged(only, ociManifest), /is foreign/)
  assert.equal(thief.seen.length, 0)

  // A redirect is followed, without the login and without answering what it asks for.
  const redirecting = await start(t, (request, response, times) => {
    if (request.headers.authorization !== login) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    } else if (request.url!.includes('/blobs/')) {
      response.writeHead(307, { location: `http://${thief.host}/blob` }).end()
    } else honest(image.content)(request, response, times)
  })
  await assert.rejects(pull(t, redirecting), RegistryError)
  assert.ok(thief.seen.length > 0)
  assert.ok(thief.seen.every(({ headers }) => headers.authorization === undefined))
})

test('artifacts, schema 1 and unknown things are refused by what they are', async (t) => {
  const artifact = {
    ...JSON.parse(String(image.content.get('manifests/latest')!.body)),
    config: describe('{}', 'application/vnd.oci.empty.v1+json'),
  }
  await refused(t, retagged(artifact, ociManifest), /is an artifact/)
  await refused(
    t,
    retagged({ schemaVersion: 1 }, 'application/vnd.docker.distribution.manifest.v1+prettyjws'),
    /schema 1/,
  )
  await refused(t, retagged({}, 'text/html'), /not an image manifest/)
})

test(
  'CVE-2026-53492: annotations and labels of an image change nothing on the host',
  needsRoot,
  async (t) => {
    const annotations = {
      'cdi.k8s.io/x': 'vendor.com/device=all',
      'run.oci.handler': 'evil',
      'io.containerd.image.name': '../../evil',
    }
    const manifest = { ...JSON.parse(String(image.content.get('manifests/latest')!.body)), annotations }
    const server = await start(t, honest(retagged(manifest, ociManifest)))
    const root = await pull(t, server)
    const store = new ImageStore(root)
    try {
      assert.deepEqual(
        store.names().map(({ reference }) => reference),
        [`${server.host}/x:latest`],
      )
    } finally {
      store.close()
    }
    assert.ok(!existsSync(`${root}/../evil`))
  },
)
