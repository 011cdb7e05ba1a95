/** pull, push and manifest inspect as people call them, on both runtimes: what is printed, and what a Ctrl-C leaves. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { pushImages } from '../../rootfs-fixtures/registry/images.ts'
import { type Registry, registryMissing, startRegistry } from '../../rootfs-fixtures/registry/registry.ts'
import { file, tar } from '../image/layer/make-tar.ts'
import { scratch } from '../image/layer/unpack-into.ts'
import { honest, makeImage, plainLayer, serve } from '../image/registry/fake-registry.ts'
import { runtimes, spawned } from './spawned.ts'

for (const [runtime, command] of Object.entries(runtimes)) {
  describe(`registry commands on ${runtime}`, { skip: registryMissing }, () => {
    let registry: Registry
    let host: string
    before(async () => {
      registry = await startRegistry()
      await pushImages(registry)
      host = `127.0.0.1:${registry.port}`
    })
    after(() => registry?.stop())

    test('pull, tag, push, and skopeo reads the same manifest', async (t) => {
      const folder = scratch(t)
      const run = (...args: string[]) =>
        spawned(command, ['--data-root', folder, ...args], { env: { DOCKER_CONFIG: folder } })
      const pulled = await run('pull', '--platform', 'linux/amd64', `${host}/hard/gzip`)
      const lines = pulled.stdout.trim().split('\n')
      assert.equal(pulled.status, 0, pulled.stderr)
      assert.deepEqual(lines.slice(0, 2), ['Using default tag: latest', 'latest: Pulling from hard/gzip'])
      assert.match(lines.at(-3)!, /^Digest: sha256:[0-9a-f]{64}$/)
      assert.deepEqual(lines.slice(-2), [
        `Status: Downloaded newer image for ${host}/hard/gzip:latest`,
        `${host}/hard/gzip:latest`,
      ])
      assert.equal(lines.filter((line) => /^[0-9a-f]{12}: Pull complete$/.test(line)).length, 3)
      const again = await run('pull', '-q', `${host}/hard/gzip`)
      assert.equal(again.stdout, `${host}/hard/gzip:latest\n`)

      assert.equal((await run('tag', `${host}/hard/gzip`, `${host}/copy:v1`)).status, 0)
      const pushed = await run('push', `${host}/copy:v1`)
      const told = pushed.stdout.trim().split('\n')
      assert.equal(told[0], `The push refers to repository [${host}/copy]`, pushed.stderr)
      assert.equal(told.filter((line) => line.endsWith(': Mounted from hard/gzip')).length, 3)
      assert.match(told.at(-1)!, /^v1: digest: sha256:[0-9a-f]{64} size: \d+$/)
      const raw = (name: string) =>
        execFileSync('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${host}/${name}`], {
          encoding: 'utf8',
        })
      assert.equal(raw('copy:v1'), raw('hard/gzip:latest'))
      const twice = await run('push', `${host}/copy:v1`)
      assert.equal(twice.stdout.match(/: Layer already exists/g)?.length, 3)
      assert.equal((await run('push', '-q', `${host}/copy:v1`)).stdout, `${host}/copy:v1\n`)
      assert.equal((await run('push', '-a', '-q', `${host}/copy`)).stdout, `${host}/copy:v1\n`)

      const inspected = await run('manifest', 'inspect', `${host}/copy:v1`)
      assert.deepEqual(JSON.parse(inspected.stdout), JSON.parse(raw('copy:v1')))
      assert.match(inspected.stdout, /^\{\n\t"schemaVersion": 2,/)
      const absent = await run('manifest', 'inspect', `${host}/copy:v2`)
      assert.deepEqual(
        [absent.status, absent.stderr.split('\n')[0]],
        [1, `tinyctr: no such manifest: ${host}/copy:v2`],
      )
      assert.match(
        (await run('push', `${host}/absent`)).stderr,
        /An image does not exist locally with the tag: /,
      )
    })

    test('pull --all-tags; --progress json is lines of JSON', async (t) => {
      const folder = scratch(t)
      const run = (...args: string[]) =>
        spawned(command, ['--data-root', folder, ...args], { env: { DOCKER_CONFIG: folder } })
      for (const tag of ['one', 'two']) {
        const to = [
          '--dest-tls-verify=false',
          `docker://${host}/hard/gzip`,
          `docker://${host}/tags-${runtime}:${tag}`,
        ]
        execFileSync('skopeo', ['copy', '-q', '--src-tls-verify=false', ...to])
      }
      const platform = ['--platform', 'linux/amd64']
      const all = await run('pull', '-a', ...platform, `${host}/tags-${runtime}`)
      assert.deepEqual([all.status, all.stdout.match(/: Pulling from/g)?.length], [0, 2], all.stderr)
      assert.match(
        (await run('pull', '-a', `${host}/tags-${runtime}:one`)).stderr,
        /tag can't be used with --all-tags/,
      )
      const json = await run('pull', '--progress', 'json', ...platform, `${host}/hard/zstd`)
      const events = json.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { status: string; id?: string })
      assert.ok(events.some(({ status, id }) => status === 'Pull complete' && id?.length === 12))
    })

    test('Ctrl-C leaves what has come; the next pull goes on from there', async (t) => {
      const image = makeImage([plainLayer(tar(file('random', randomBytes(3_000_000) as never)))])
      const blob = `/v2/x/blobs/${image.layers[0]!.digest}`
      const body = image.content.get(`blobs/${image.layers[0]!.digest}`)!.body as Uint8Array
      let isSlow = true
      const server = await serve((request, response, times) => {
        if (request.url !== blob || !isSlow) honest(image.content)(request, response, times)
        else {
          // Half of it, and then nothing.
          response.writeHead(200, { 'content-length': body.length })
          response.write(body.subarray(0, 2_000_000))
        }
      })
      t.after(() => server.close())
      const folder = scratch(t)
      const args = ['--data-root', folder, 'pull', `${server.host}/x`]
      const [program = '', ...rest] = command
      const child = spawn(program, [...rest, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
      const ended = once(child, 'exit')
      const isHalf = () => readdirSync(`${folder}/partial`).length > 0
      while (!server.seen.some(({ line }) => line.endsWith(blob)) || !isHalf())
        await new Promise((resolve) => setTimeout(resolve, 50))
      await new Promise((resolve) => setTimeout(resolve, 500))
      child.kill('SIGINT')
      assert.deepEqual((await ended)[0], 130)
      isSlow = false
      const again = await spawned(command, args)
      assert.equal(again.status, 0, again.stderr)
      const last = server.seen.filter(({ line }) => line.endsWith(blob)).at(-1)!
      assert.match(last.headers.range ?? 'none', /^bytes=[1-9]\d+-$/)
    })
  })
}
