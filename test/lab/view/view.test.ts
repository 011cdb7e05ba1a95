/** The live page, in a real browser; and the same comparison as text. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { skip, Tinyctr } from '../../root/tinyctr.ts'

const browser = '/usr/bin/chromium'

const commandOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return '' // It has ended.
  }
}

describe('lab view', { skip }, () => {
  const tinyctr = skip ? (undefined as never) : new Tinyctr()
  let container: ChildProcess
  let view: ChildProcess
  let url = ''
  let pid = ''

  before(async () => {
    await tinyctr.image('box', {})
    const script = `: ${tinyctr.folder}; echo changed >/new-file; echo ready; read -r line`
    container = tinyctr.start(tinyctr.runArguments(['-i', '--network', 'none'], ['sh', '-c', script]))
    await once(container.stdout!, 'data')
    pid =
      readdirSync('/proc').find(
        (name) => /^\d+$/.test(name) && commandOf(name).startsWith(`sh\0-c\0: ${tinyctr.folder}`),
      ) ?? ''
    assert.notEqual(pid, '')
    view = tinyctr.start(['lab', 'view', pid])
    const [first] = (await once(view.stdout!, 'data')) as [Buffer]
    url = String(first).split('\n')[0] ?? ''
  })
  after(async () => {
    view.kill('SIGINT')
    const [code] = (await once(view, 'exit')) as [number | null]
    assert.equal(code, 0)
    const ended = once(container, 'exit')
    container.stdin?.end('\n')
    await ended
    tinyctr.remove()
  })

  const statusOf = async (address: string, headers: Record<string, string> = {}): Promise<number> => {
    const request = get(address, { headers })
    const [response] = (await once(request, 'response')) as [{ statusCode: number; resume(): void }]
    response.resume()
    return response.statusCode
  }

  test('is on the loopback, for who has the token and asks for it by its name', async () => {
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32}$/)
    assert.equal(await statusOf(url), 200)
    assert.equal(await statusOf(url.replace(/token=.*/, 'token=guess')), 403)
    assert.equal(await statusOf(url, { host: 'rebound.example' }), 403)
    const { port } = new URL(url)
    assert.equal(await statusOf(url.replace('/?', '/nothing?').replace(port, port)), 404)
  })

  test('a browser draws namespaces, control groups, mounts, capabilities', {
    skip: !existsSync(browser) && 'needs chromium (apt-get install chromium)',
  }, () => {
    const profile = mkdtempSync('/dev/shm/tinyctr-browser-')
    try {
      const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`]
      const { stdout } = spawnSync(browser, [...flags, '--virtual-time-budget=3000', '--dump-dom', url], {
        encoding: 'utf8',
        timeout: 60_000,
      })
      assert.match(stdout, /Mounts: \d+ \(host: \d+\)/)
      assert.match(stdout, /It may: 14 capabilities/)
      assert.match(stdout, /A seccomp filter decides/)
      assert.match(stdout, /pid \(processes\): \d+/)
      assert.match(stdout, /Control groups/)
    } finally {
      rmSync(profile, { recursive: true, force: true })
    }
  })

  test('diff-view tells the same as text', () => {
    const { status, stdout } = tinyctr.command(['diff-view', pid])
    assert.equal(status, 0)
    assert.match(stdout, /^ {2}pid +\d+ +\d+ its own processes$/m)
    assert.match(stdout, /^ {2}capabilities +\d+ +14$/m)
    assert.match(stdout, /^ {2}seccomp +\S+ +filter$/m)
    assert.ok(stdout.split('\n').every((line) => line.length <= 80))
  })

  test('says what is not there in docker’s words', () => {
    const { status, stderr } = tinyctr.command(['diff-view', 'nobody'])
    assert.equal(status, 1)
    assert.match(stderr, /No such container: nobody/)
  })
})
