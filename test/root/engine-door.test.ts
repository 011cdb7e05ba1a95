/**
 * native/door.c: `start`, `kill` and `delete` of a plain container without JavaScript (which cannot run under a limit of
 * 200 MB of addresses), and whatever is not plain left to the front end, which says why.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { skip } from './tinyctr.ts'

const runtime = join(import.meta.dirname, '../../build/tinyctr-runtime')
const folder = skip ? '' : mkdtempSync('/dev/shm/tinyctr-door-')
const root = join(folder, 'state')
const bundle = join(folder, 'bundle')
let id = ''
let count = 0

after(() => rmSync(folder, { recursive: true, force: true }))
beforeEach(() => {
  id = `door-${++count}`
})

function call(native: boolean, ...args: string[]) {
  const limit = native ? 'ulimit -v 200000; ' : ''
  const out = join(folder, 'stderr')
  // A file: what is created keeps the streams, and a pipe would stay open.
  const script = `${limit}exec "$0" "$@" >/dev/null 2>"$ERR" </dev/null`
  const { status } = spawnSync('sh', ['-c', script, runtime, '--root', root, ...args], {
    env: { PATH: process.env.PATH, ERR: out },
    timeout: 30_000,
  })
  return { status, stderr: readFileSync(out, 'utf8') }
}
const natively = (...args: string[]) => call(true, ...args).status
const state = (): string => {
  const { stdout } = spawnSync(runtime, ['--root', root, 'state', id], { encoding: 'utf8' })
  return stdout === '' ? 'none' : (JSON.parse(stdout) as { status: string }).status
}

function create(args: readonly string[], more: object = {}): void {
  mkdirSync(join(bundle, 'rootfs/bin'), { recursive: true })
  cpSync('/bin/busybox', join(bundle, 'rootfs/bin/busybox'))
  const config = {
    ociVersion: '1.3.0',
    root: { path: 'rootfs' },
    process: { cwd: '/', args, env: [] },
    linux: {
      namespaces: [{ type: 'pid' }, { type: 'mount' }],
      cgroupsPath: `/tinyctr-door/${id}`,
    },
    ...more,
  }
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config))
  const { status, stderr } = call(false, 'create', '--bundle', bundle, id)
  assert.equal(status, 0, stderr)
}
const sleep = ['/bin/busybox', 'sleep', '1000']

async function stopped(): Promise<void> {
  for (let tries = 0; state() !== 'stopped'; tries++) {
    assert.ok(tries < 200, 'it does not stop')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('the limit keeps JavaScript from running', { skip }, () => {
  assert.notEqual(natively('--version'), 0)
})

test('start, kill and delete, with the flags that engines give', { skip }, async () => {
  create(sleep)
  assert.equal(state(), 'created')
  const globals = ['--log', join(folder, 'log'), '--log-format', 'json', '--systemd-cgroup']
  assert.equal(natively(...globals, 'start', id), 0)
  assert.equal(state(), 'running')
  assert.equal(natively('kill', id, 'SIGKILL'), 0)
  await stopped()
  assert.equal(natively('delete', id), 0)
  assert.equal(existsSync(join(root, id)), false)
  assert.equal(state(), 'none')
})

for (const [name, args] of [
  ['a number', ['9']],
  ['a name', ['KILL']],
] as const) {
  test(`kill with ${name}`, { skip }, async () => {
    create(sleep)
    assert.equal(natively('start', id), 0)
    assert.equal(natively('kill', id, ...args), 0)
    await stopped()
    assert.equal(natively('delete', '--force', id), 0)
  })
}

test('delete --force of one that runs, and of one that waits', { skip }, () => {
  create(sleep)
  assert.notEqual(natively('delete', id), 0)
  assert.equal(natively('delete', '--force', id), 0)
  assert.equal(state(), 'none')
  create(sleep)
  assert.equal(natively('start', id), 0)
  assert.equal(natively('delete', '--force', id), 0)
  assert.equal(state(), 'none')
})

test('delete --force of none is no error', { skip }, () => {
  assert.equal(natively('delete', '--force', 'never-made'), 0)
  assert.notEqual(natively('delete', 'never-made'), 0)
})

test('what is not as usual is left to the front end: nothing is done to it', { skip }, () => {
  create(sleep)
  assert.notEqual(natively('delete', id), 0)
  assert.notEqual(natively('kill', id, 'NOSUCH'), 0)
  assert.notEqual(natively('kill', '--all', id, '9'), 0)
  assert.notEqual(natively('start', id, 'more'), 0)
  assert.notEqual(natively('--unknown', 'start', id), 0)
  assert.notEqual(natively('start', `../state/${id}`), 0)
  assert.equal(state(), 'created')
  assert.equal(natively('start', id), 0)
  assert.notEqual(natively('start', id), 0)
  assert.match(call(false, 'start', id).stderr, /already running/)
  assert.match(call(false, 'delete', id).stderr, /not stopped/)
  assert.equal(call(false, 'delete', '--force', id).status, 0)
})

test('a container that is paused is not started', { skip }, () => {
  create(sleep)
  assert.equal(call(false, 'pause', id).status, 0)
  assert.notEqual(natively('start', id), 0)
  assert.match(call(false, 'start', id).stderr, /paused/)
  assert.equal(call(false, 'resume', id).status, 0)
  assert.equal(natively('start', id), 0)
  assert.equal(call(false, 'delete', '--force', id).status, 0)
})

test('one with hooks after it is not plain', { skip }, () => {
  const mark = join(folder, 'mark')
  create(sleep, { hooks: { poststart: [{ path: '/bin/touch', args: ['touch', mark] }] } })
  assert.notEqual(natively('start', id), 0)
  assert.equal(call(false, 'start', id).status, 0)
  assert.equal(existsSync(mark), true)
  assert.equal(call(false, 'delete', '--force', id).status, 0)
})

test('a start that fails is explained by the front end', { skip }, () => {
  create(sleep)
  // Gone between create, which looked it up, and start.
  rmSync(join(bundle, 'rootfs/bin/busybox'))
  const { status, stderr } = call(false, 'start', id)
  assert.equal(status, 1)
  assert.match(stderr, /no such file or directory/i)
  assert.equal(call(false, 'delete', '--force', id).status, 0)
})
