/** Signals at bad moments: during a pull, during a start, and SIGKILL to the monitor whenever it may be. */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { IMAGE, skip, tinyctrForTests } from './tinyctr.ts'

const tinyctr = tinyctrForTests()
const digest = `sha256:${'a'.repeat(64)}`

/** Answers as a registry does, then sends a layer that never ends. */
function slowRegistry(): Server {
  const type = 'application/vnd.oci.image'
  const descriptor = (kind: string, size: number) => ({ mediaType: `${type}.${kind}`, digest, size })
  return createServer((request, response) => {
    if (request.url?.includes('/manifests/')) {
      const manifest = {
        schemaVersion: 2,
        mediaType: `${type}.manifest.v1+json`,
        config: descriptor('config.v1+json', 1000),
        layers: [descriptor('layer.v1.tar+gzip', 1_000_000)],
      }
      response.setHeader('content-type', manifest.mediaType).end(JSON.stringify(manifest))
    } else if (request.url?.includes('/blobs/')) {
      response.writeHead(200, { 'content-length': '1000' }).write('{')
      response.emit('slow')
    } else {
      response.writeHead(200).end('{}')
    }
  })
}

async function ended(
  child: ChildProcess,
): Promise<{ code: number | null; signal: string | null; stderr: string }> {
  let stderr = ''
  child.stderr!.on('data', (piece) => {
    stderr += piece
  })
  child.stdout!.resume()
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  return { code, signal, stderr }
}

describe('a pull', { skip }, () => {
  let server: Server
  before(async () => {
    server = slowRegistry().listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  after(() => {
    server?.closeAllConnections()
    server?.close()
  })

  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    test(`${signal} ends it: exit code ${expected}, one line, an undamaged store`, async () => {
      const image = `127.0.0.1:${(server.address() as AddressInfo).port}/slow`
      const asked = new Promise((resolve) =>
        server.once('request', function wait(request) {
          if (request.url?.includes('/blobs/')) resolve(undefined)
          else server.once('request', wait)
        }),
      )
      const child = tinyctr.start(tinyctr.runArguments([], ['true'], image))
      const result = ended(child)
      await asked
      child.kill(signal)
      const { code, stderr } = await result
      assert.equal(code, expected, stderr)
      assert.match(stderr.trimEnd(), /^tinyctr: interrupted$/m)
      assert.deepEqual(readdirSync(join(tinyctr.dataRoot, 'tmp')), [])
      const blobs = join(tinyctr.dataRoot, 'blobs/sha256')
      for (const name of readdirSync(blobs)) {
        assert.equal(
          createHash('sha256')
            .update(readFileSync(join(blobs, name)))
            .digest('hex'),
          name,
        )
      }
      assert.equal(tinyctr.run([], ['true']).status, 0)
    })
  }
})

describe('a start', { skip }, () => {
  test('Ctrl-C while the container is being made: exit code 130, nothing left', async () => {
    // Cloned into a frozen cgroup, the container does not come to its first step.
    const frozen = join(tinyctr.cgroupFolder, 'frozen')
    mkdirSync(frozen, { recursive: true })
    writeFileSync(join(frozen, 'cgroup.freeze'), '1')
    try {
      const args = ['run', '--rm', '--cgroup-parent', `${tinyctr.cgroupParent}/frozen`, IMAGE, 'echo', 'ran']
      const child = tinyctr.start(args)
      const result = ended(child)
      const populated = () => readFileSync(join(frozen, 'cgroup.events'), 'utf8').includes('populated 1')
      for (let tries = 0; tries < 500 && !populated(); tries++) await sleep(10)
      assert.ok(populated(), 'the container was cloned')
      child.kill('SIGINT')
      const { code, stderr } = await result
      assert.deepEqual({ code, stderr }, { code: 130, stderr: '' })
      assert.deepEqual(
        readdirSync(frozen, { withFileTypes: true }).filter((entry) => entry.isDirectory()),
        [],
      )
    } finally {
      rmdirSync(frozen)
    }
  })

  test('thirty signals at random moments: the exit code tells, and nothing is left', async () => {
    for (let i = 0; i < 30; i++) {
      const child = tinyctr.start(tinyctr.runArguments([], ['sleep', '0.05']))
      const result = ended(child)
      await sleep(Math.random() * 40)
      child.kill(i % 2 ? 'SIGINT' : 'SIGTERM')
      const { code, signal, stderr } = await result
      // Before tinyctr is ready for signals, they end it as they end any program.
      const expected = i % 2 ? ['SIGINT', 130, 137, 0] : ['SIGTERM', 143, 137, 0]
      assert.ok(expected.includes(code ?? signal ?? ''), `${code} ${signal} ${stderr}`)
      assert.deepEqual(await settled(), [], `round ${i}`)
    }
  })
})

/** What is left when those that were killed had the time to be gone. */
async function settled(): Promise<string[]> {
  for (let tries = 0; tries < 100 && tinyctr.leftovers().length > 0; tries++) await sleep(20)
  return tinyctr.leftovers()
}

describe('SIGKILL to the monitor', { skip }, () => {
  test('at thirty random moments: the next command cleans up', async () => {
    for (let i = 0; i < 30; i++) {
      const child = tinyctr.start(
        tinyctr.runArguments(['--pid', i % 3 ? 'private' : 'host'], ['sleep', '100']),
      )
      const result = ended(child)
      await sleep(Math.random() * 40)
      child.kill('SIGKILL')
      await result
      // The container dies with its monitor; what it had on the host goes with the next run.
      assert.equal(tinyctr.inside([], 'echo next'), 'next')
      assert.deepEqual(tinyctr.leftovers(), [], `round ${i}`)
    }
  })

  test('before there is a journal: an old folder goes, one that is just being made stays', () => {
    const [old, fresh] = [join(tinyctr.root, 'killed-early'), join(tinyctr.root, 'starting')]
    for (const folder of [old, fresh]) mkdirSync(folder, { recursive: true })
    writeFileSync(join(old, 'journal'), '')
    utimesSync(old, new Date(0), new Date(0))
    assert.equal(tinyctr.inside([], 'echo next'), 'next')
    assert.deepEqual([existsSync(old), existsSync(fresh)], [false, true])
    rmdirSync(fresh)
  })

  test('of a running container: its processes end with it', async () => {
    const child = tinyctr.start(
      tinyctr.runArguments([], ['/bin/sh', '-c', 'sleep 100 & echo up; wait'], IMAGE),
    )
    const result = ended(child)
    await once(child.stdout!, 'data')
    child.kill('SIGKILL')
    await result
    assert.equal(tinyctr.inside([], 'echo next'), 'next')
  })
})
