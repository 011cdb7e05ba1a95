/** Names, manifests, login files and answers of registries: refused with one of our errors, or taken for what they are. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { ConfigError, RegistryError } from '../../../src/errors.ts'
import { parseImageConfig, parseIndex, parseManifest } from '../../../src/image/manifest.ts'
import { fullReference, parseReference } from '../../../src/image/reference.ts'
import { parseAuthFile, storedCredentials } from '../../../src/image/registry/auth-file.ts'
import { parseChallenges } from '../../../src/image/registry/challenge.ts'
import { openRegistry } from '../../../src/image/registry/client.ts'
import { parseRegistriesConf } from '../../../src/image/registry/registries-conf.ts'
import { parseRetryAfter } from '../../../src/image/registry/retry.ts'
import {
  type Handler,
  makeImage,
  ociIndex,
  ociManifest,
  plainLayer,
  type Server,
  serve,
} from '../registry/fake-registry.ts'
import { mutated, parameters } from './fuzz.ts'

/** Runs `work`; anything but the errors we mean to throw is a failure. */
function expected<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    assert.ok(error instanceof RegistryError || error instanceof ConfigError, (error as Error).stack)
    return undefined
  }
}

const digest = `sha256:${'a'.repeat(64)}`

test('image names: what parses is written and parsed again to the same', () => {
  const part = fc.string({ unit: fc.constantFrom(...'abz09A._-:/@[]%é'), maxLength: 12 })
  const name = fc.oneof(
    fc.string({ maxLength: 80 }),
    fc.tuple(part, part, part).map((parts) => parts.join('/')),
    fc.tuple(fc.domain(), part).map(([host, path]) => `${host}:5000/${path}:tag@${digest}`),
  )
  fc.assert(
    fc.property(name, (text) => {
      const reference = expected(() => parseReference(text))
      if (reference === undefined) return
      assert.deepEqual(parseReference(fullReference(reference)), reference)
      assert.ok(!reference.path.includes('..') && !reference.path.startsWith('/'))
    }),
    { ...parameters(500), examples: [['a/../b'], ['[::1]:5000/x'], ['__proto__/x'], ['constructor']] },
  )
})

const image = makeImage([plainLayer(Buffer.from('x'))])
const manifest = Buffer.from(image.content.get('manifests/latest')!.body)
const index = Buffer.from(
  JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [image.manifest] }),
)
const config = Buffer.from(image.content.get(`blobs/${image.config.digest}`)!.body)

const readers: [name: string, base: Buffer, read: (bytes: Buffer) => unknown][] = [
  [
    'manifest',
    manifest,
    (bytes) => parseManifest(bytes, { mediaType: ociManifest, digest, size: bytes.length }),
  ],
  ['index', index, (bytes) => parseIndex(bytes, { mediaType: ociIndex, digest, size: bytes.length })],
  ['config', config, (bytes) => parseImageConfig(bytes, digest, 1)],
]
for (const [name, base, read] of readers) {
  test(`${name}: altered bytes and any JSON`, () => {
    const json = fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text))
    fc.assert(
      fc.property(fc.oneof(mutated(base), json), (bytes) => void expected(() => read(bytes))),
      parameters(400),
    )
  })
  test(`${name}: any value in the place of any field`, () => {
    const keys: string[][] = []
    const walk = (value: unknown, path: string[]): void => {
      if (path.length > 0) keys.push(path)
      if (typeof value === 'object' && value !== null) {
        for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key])
      }
    }
    walk(JSON.parse(base.toString()), [])
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.jsonValue({ maxDepth: 2 }), (path, value) => {
        const document = JSON.parse(base.toString()) as Record<string, unknown>
        let at = document
        for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>
        at[path.at(-1)!] = value
        expected(() => read(Buffer.from(JSON.stringify(document))))
      }),
      parameters(400),
    )
  })
}

test('challenges, Retry-After and login files', () => {
  const text = fc.string({ unit: fc.constantFrom(...'Bearer basic realm="\\,= \t/:é'), maxLength: 60 })
  fc.assert(
    fc.property(text, (header) => assert.ok(Array.isArray(parseChallenges(header)))),
    parameters(500),
  )
  fc.assert(
    fc.property(fc.string(), (header) => {
      const ms = parseRetryAfter(header, 0)
      assert.ok(ms === undefined || ms >= 0)
    }),
    parameters(200),
  )
  const entry = fc.record(
    { auth: fc.string(), username: fc.string(), identitytoken: fc.string() },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.dictionary(fc.string(), entry), fc.string(), (auths, domain) => {
      const found = storedCredentials(parseAuthFile(JSON.stringify({ auths })), `${domain}.example`)
      assert.ok(found === undefined || typeof found.username === 'string')
    }),
    parameters(300),
  )
})

test('registries.conf: rules or an error that names the file', () => {
  const line = fc.constantFrom(
    '[[registry]]',
    '[[registry.mirror]]',
    'location = "a.example"',
    'prefix = "*.b.example/x"',
    'insecure = true',
    'blocked = 3',
    'pull-from-mirror = "all"',
    '[registry]',
    'location = [',
    '"',
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      void expected(() => parseRegistriesConf(lines.join('\n'), 'f'))
    }),
    parameters(300),
  )
})

let server: Server
let answer: Handler
before(async () => {
  server = await serve((request, response, times) => answer(request, response, times))
})
after(() => server.close())

test('answers of a registry: any status, headers and body', async () => {
  const header = fc.constantFrom(
    ['content-type', ociManifest],
    ['content-type', 'text/html'],
    ['docker-content-digest', digest],
    ['docker-content-digest', 'md5:../../etc'],
    ['location', '/elsewhere'],
    ['location', '//'],
    ['www-authenticate', 'Bearer realm="x"'],
    ['www-authenticate', 'Basic'],
    ['retry-after', '0'],
    ['content-range', 'bytes 7-'],
    ['link', '</v2/x/tags/list?last=a>; rel="next"'],
  )
  const status = fc.constantFrom(200, 201, 204, 206, 301, 307, 400, 401, 403, 404, 416, 429, 500, 599)
  const body = fc.oneof(fc.string(), fc.constant(manifest.toString()), fc.json())
  await fc.assert(
    fc.asyncProperty(status, fc.array(header, { maxLength: 3 }), body, async (code, headers, text) => {
      answer = (_, response) => {
        response.writeHead(code, Object.fromEntries(headers))
        response.end(code === 204 ? '' : text)
      }
      const registry = openRegistry(parseReference(`${server.host}/x`), {
        credentials: async () => undefined,
        patience: { attempts: 1, delayMs: 1, longestDelayMs: 1 },
      })
      const blob = { mediaType: 'x', digest, size: 40 }
      const attempts = [
        () => registry.manifest('latest'),
        () => registry.tags(),
        async () => {
          let size = 0
          for await (const piece of registry.blob(blob)) size += piece.length
          assert.equal(size, 40)
        },
      ]
      for (const attempt of attempts) {
        await attempt().catch((error: unknown) => {
          assert.ok(error instanceof RegistryError, (error as Error).stack)
        })
      }
    }),
    parameters(20),
  )
})
