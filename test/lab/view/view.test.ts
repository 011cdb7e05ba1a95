/** The live page, in a real browser; and the same comparison as text. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { CAPABILITY_WORDS } from '../../../src/lab/view/capability-words.ts'
import type { Snapshot } from '../../../src/lab/view/snapshot.ts'
import { CAPABILITIES } from '../../../src/linux/abi/capability.ts'
import { IMAGE, skip, Tinyctr } from '../../root/tinyctr.ts'

/** TCP_LISTEN as /proc/net/tcp has it. */
const LISTENING = '0A'
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

  test('is on no other address, and outlives requests that are none', async () => {
    const { port } = new URL(url)
    const listening = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .flatMap(([, address, , state]) => (state === LISTENING ? [address] : []))
    const wanted = Number(port).toString(16).toUpperCase().padStart(4, '0')
    assert.deepEqual(
      listening.filter((one) => one?.endsWith(`:${wanted}`)),
      [`0100007F:${wanted}`],
    )
    for (const line of [
      'GET // HTTP/1.1',
      'GET http://[ HTTP/1.1',
      'GET * HTTP/1.1',
      'GET /?token=%zz HTTP/1.1',
      'nonsense',
    ]) {
      const socket = connect(Number(port), '127.0.0.1')
      socket.end(`${line}\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`)
      const [answer] = (await once(socket, 'data')) as [Buffer]
      assert.match(String(answer), /^HTTP\/1\.1 40[03] /, line)
      socket.destroy()
    }
    for (const method of ['POST', 'PUT', 'DELETE']) assert.equal((await fetch(url, { method })).status, 405)
    assert.equal(await statusOf(url), 200)
  })

  test('what it shows is what /proc and the control groups say', async () => {
    const data = (await (await fetch(url.replace('/?', '/data?'))).json()) as Snapshot
    const { process: seen, layers, links, ended } = data.subject!
    assert.equal(ended, false)
    for (const kind of ['pid', 'mnt', 'net', 'uts', 'ipc', 'cgroup'] as const) {
      const link = readlinkSync(`/proc/${pid}/ns/${kind}`)
      assert.equal(`${kind}:[${seen.namespaces[kind]}]`, link)
      const node = data.namespaces.find((one) => one.kind === kind && one.id === seen.namespaces[kind])
      assert.ok(node && !node.isHost && node.processes.some((one) => String(one.pid) === pid))
    }
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const bits = [...BigInt(`0x${/^CapEff:\s*(\w+)/m.exec(status)![1]}`).toString(2)].filter(
      (bit) => bit === '1',
    )
    assert.equal(seen.capabilities.length, bits.length)
    assert.equal(String(seen.seccompFilters), /^Seccomp_filters:\s*(\d+)/m.exec(status)![1])
    const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').trim().split('\n')
    assert.equal(seen.mounts.length, mounts.length)
    assert.deepEqual(links, [
      'lo: 0 bytes in, 0 bytes out',
      'addresses: 127.0.0.1',
      'no way out: there is no default route',
    ])
    assert.deepEqual(layers, [])
    const groups = (node: Snapshot['cgroups']): string[] => [node.path, ...node.children.flatMap(groups)]
    assert.ok(groups(data.cgroups).includes(seen.cgroup))
  })

  test('says in words what each capability is for', () => {
    assert.deepEqual(Object.keys(CAPABILITY_WORDS), [...CAPABILITIES])
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
      assert.match(stdout, /A seccomp filter: a small program/)
      assert.match(stdout, /pid \(processes\): \d+/)
      assert.match(stdout, /Control groups/)
    } finally {
      rmSync(profile, { recursive: true, force: true })
    }
  })

  test('thirty containers are named, with what changed in the one that is looked at', async () => {
    const ids: string[] = []
    try {
      for (let i = 1; i <= 30; i++) {
        const { status, stdout, stderr } = tinyctr.command([
          'run',
          '-d',
          '--name',
          `box${i}`,
          '--network',
          'none',
          IMAGE,
          'sh',
          '-c',
          'echo x >/new; rm /bin/true; exec sleep 600',
        ])
        assert.equal(status, 0, stderr)
        ids.push(stdout.trim())
      }
      const other = tinyctr.start(['lab', 'view', 'box7'])
      const [first] = (await once(other.stdout!, 'data')) as [Buffer]
      const address = String(first).split('\n')[0] ?? ''
      const look = async (): Promise<Snapshot> =>
        (await (await fetch(address.replace('/?', '/data?'))).json()) as Snapshot
      const data = await look()
      const named = data.namespaces.filter(
        ({ kind, container }) => kind === 'pid' && container?.startsWith('box'),
      )
      assert.equal(named.length, 30)
      const names = (node: Snapshot['cgroups']): string[] => [
        ...(node.container ? [node.container] : []),
        ...node.children.flatMap(names),
      ]
      assert.equal(names(data.cgroups).filter((name) => /^box\d+$/.test(name)).length, 30)
      const [top, ...image] = data.subject!.layers
      // What is mounted over in /etc needs files to be mounted on.
      assert.deepEqual(top!.changed!.filter((line) => !line.includes('/etc/')).sort(), [
        'changed /new',
        'deleted /bin/true',
      ])
      assert.ok(image.length > 0 && image[0]!.bytes > 100_000)
      assert.equal(tinyctr.command(['rm', '-f', 'box7']).status, 0)
      assert.equal((await look()).subject!.ended, true)
      other.kill('SIGINT')
      const [code] = (await once(other, 'exit')) as [number | null]
      assert.equal(code, 0)
    } finally {
      tinyctr.command(['rm', '-f', ...ids])
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
