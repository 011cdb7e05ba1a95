/**
 * The ways to a registry, on both runtimes: TLS with an own CA and client certificates, proxies, mirrors, insecure and
 * blocked registries. Each pull is a process of its own, since all of this is read from its environment.
 */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { runtimes, spawned } from '../../cli/spawned.ts'
import { file, tar } from '../layer/make-tar.ts'
import { scratch } from '../layer/unpack-into.ts'
import { honest, makeImage, plainLayer, type Server, serve } from './fake-registry.ts'
import { issue, serveTls, testCa } from './test-ca.ts'

const image = makeImage([plainLayer(tar(file('hello', 'hello\n')))])
const listener: Parameters<typeof serveTls>[1] = (request, response) =>
  honest(image.content)(request, response, 0)

async function start(t: TestContext, handler = honest(image.content)): Promise<Server> {
  const server = await serve(handler)
  t.after(() => server.close())
  return server
}

/** A home with the given files below `containers/`. */
function home(
  t: TestContext,
  files: Record<string, string> = {},
): { folder: string; env: Record<string, string> } {
  const folder = scratch(t)
  for (const [name, content] of Object.entries(files)) {
    const path = `${folder}/containers/${name}`
    mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true })
    writeFileSync(path, content)
  }
  const env = {
    XDG_CONFIG_HOME: folder,
    DOCKER_CONFIG: folder,
    HTTP_PROXY: '',
    HTTPS_PROXY: '',
    NO_PROXY: '',
    http_proxy: '',
    https_proxy: '',
    no_proxy: '',
    NODE_NO_WARNINGS: '1',
  }
  return { folder, env }
}

for (const [runtime, command] of Object.entries(runtimes)) {
  describe(`ways on ${runtime}`, () => {
    const pull = (
      name: string,
      { folder, env }: ReturnType<typeof home>,
      more: Record<string, string> = {},
    ) => spawned(command, ['--data-root', `${folder}/data`, 'pull', '-q', name], { env: { ...env, ...more } })

    test('TLS with the CA of certs.d, and without it refused', { skip: testCa.missing }, async (t) => {
      const server = await serveTls(t, listener)
      const known = home(t, { [`certs.d/${server.host}/ca.crt`]: testCa.pair.cert })
      assert.equal((await pull(`${server.host}/x`, known)).stderr, '')
      const other = home(t, { [`certs.d/${server.host}/ca.crt`]: issue(testCa.pair).cert })
      const refused = await pull(`${server.host}/x`, other)
      assert.equal(refused.status, 1)
      assert.match(refused.stderr, /certificate|CA is not known/)
      // This machine is trusted like that, as by docker.
      assert.equal((await pull(`${server.host}/x`, home(t))).stderr, '')
    })

    test('a client certificate', { skip: testCa.missing }, async (t) => {
      const options = { requestCert: true, rejectUnauthorized: true, ca: testCa.pair.cert }
      const server = await serveTls(t, listener, options)
      const client = issue(testCa.pair, 'alice')
      const folder = `certs.d/${server.host}`
      const files = { [`${folder}/ca.crt`]: testCa.pair.cert, [`${folder}/client.cert`]: client.cert }
      const complete = home(t, { ...files, [`${folder}/client.key`]: client.key })
      assert.equal((await pull(`${server.host}/x`, complete)).stderr, '')
      assert.match(
        (await pull(`${server.host}/x`, home(t, files))).stderr,
        /client\.cert has no \.key beside it/,
      )
    })

    test('plain HTTP through a proxy, but not what stays on this machine', async (t) => {
      const server = await start(t)
      const seen: string[] = []
      const proxy = createServer((request, response) => {
        seen.push(`${request.method} ${request.url}`)
        const url = new URL(request.url!)
        const [host, port] = server.host.split(':')
        const { pathname } = url
        httpRequest({ host, port, path: pathname, headers: request.headers }, (answer) => {
          response.writeHead(answer.statusCode!, answer.headers)
          answer.pipe(response)
        }).end()
      }).listen(0)
      await new Promise((resolve) => proxy.once('listening', resolve))
      t.after(() => {
        proxy.closeAllConnections()
        proxy.close()
      })
      const redirecting = await start(t, (request, response) => {
        if (request.url?.includes('/blobs/')) {
          response.writeHead(307, { location: `http://storage.invalid${request.url}` }).end()
        } else honest(image.content)(request, response, 0)
      })
      const { port } = proxy.address() as AddressInfo
      const variables = { HTTP_PROXY: `http://127.0.0.1:${port}` }
      const { stderr } = await pull(`${redirecting.host}/x`, home(t), variables)
      assert.equal(stderr, '')
      assert.equal(seen.length, 2, 'the config and the layer, and nothing that stays on this machine')
      assert.ok(seen.every((line) => line.startsWith('GET http://storage.invalid/v2/x/blobs/')))
    })

    test('HTTPS through a proxy is a tunnel', { skip: testCa.missing }, async (t) => {
      const server = await serveTls(t, listener, issue(testCa.pair, 'registry.invalid'))
      const tunnels: string[] = []
      const proxy = createServer().listen(0)
      proxy.on('connect', (request, client) => {
        tunnels.push(`${request.method} ${request.url}`)
        const [host, port] = server.host.split(':')
        const upstream = connect(Number(port), host, () => {
          client.write('HTTP/1.1 200 OK\r\n\r\n')
          upstream.pipe(client).pipe(upstream)
        })
        for (const socket of [upstream, client]) {
          socket.on('error', () => {})
          t.after(() => socket.destroy())
        }
      })
      await new Promise((resolve) => proxy.once('listening', resolve))
      t.after(() => {
        proxy.closeAllConnections()
        proxy.close()
      })
      const variables = { https_proxy: `127.0.0.1:${(proxy.address() as AddressInfo).port}` }
      const certs = { 'certs.d/registry.invalid/ca.crt': testCa.pair.cert }
      assert.equal((await pull('registry.invalid/x', home(t, certs), variables)).stderr, '')
      assert.ok(tunnels.length > 0 && tunnels.every((line) => line === 'CONNECT registry.invalid:443'))
      // Elsewhere than on this machine only a known CA will do, unless registries.conf says otherwise.
      const unknown = await pull('registry.invalid/x', home(t), variables)
      assert.match(unknown.stderr, /its CA is not known/)
      const insecure = { 'registries.conf': '[[registry]]\nlocation = "registry.invalid"\ninsecure = true\n' }
      assert.equal((await pull('registry.invalid/x', home(t, insecure), variables)).stderr, '')
    })

    test('a mirror is asked first; what it lacks comes from the registry', async (t) => {
      const withoutBlobs = new Map([...image.content].filter(([path]) => !path.startsWith('blobs/')))
      const empty = await start(t, honest(new Map()))
      const half = await start(t, honest(withoutBlobs))
      const full = await start(t)
      const mirror = ({ host }: Server): string => `[[registry.mirror]]\nlocation = "${host}"\n`
      const conf = `[[registry]]\nprefix = "r.example"\nlocation = "${full.host}"\n${mirror(empty)}${mirror(half)}`
      const { stderr, stdout } = await pull('r.example/x', home(t, { 'registries.conf': conf }))
      assert.deepEqual([stderr, stdout], ['', 'r.example/x:latest\n'])
      assert.ok(empty.seen.length > 0 && half.seen.length > 0)
      assert.ok(full.seen.every(({ line }) => line.includes('/blobs/')))
    })

    test('a blocked registry is not asked', async (t) => {
      const server = await start(t)
      const conf = `[[registry]]\nlocation = "${server.host}"\nblocked = true\n`
      const { status, stderr } = await pull(`${server.host}/x`, home(t, { 'registries.conf': conf }))
      assert.deepEqual([status, /is blocked in .*registries\.conf/.test(stderr)], [1, true])
      assert.equal(server.seen.length, 0)
    })
  })
}
