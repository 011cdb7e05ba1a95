/** SCMP_ACT_NOTIFY: an agent outside answers for the container's system calls. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Process, Seccomp } from '../../src/oci/runtime-spec.ts'
import { runtimeDoorForTests, skip, until } from './runtime-door.ts'

const door = runtimeDoorForTests()
const ANSWER = 4711
const METADATA = 'say "hello"'

let agent: ChildProcess
const socket = (): string => join(door.folder, 'agent.sock')
const output = (): string => join(door.folder, 'agent.out')

before(() => {
  if (skip) return
  const program = join(door.folder, 'agent')
  const source = join(import.meta.dirname, 'seccomp-agent.c')
  execFileSync('gcc', ['-O1', '-Wall', '-Werror', '-o', program, source])
  agent = spawn(program, [socket(), String(ANSWER)], {
    stdio: ['ignore', openSync(output(), 'w'), 'inherit'],
    detached: true,
  })
})
after(() => {
  // With the children that still answer.
  if (agent?.pid) process.kill(-agent.pid)
})

/** What the agent was told, oldest first. */
const told = () =>
  readFileSync(output(), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

/** id(1) asks who it is by getuid(2). */
const profile = (): Seccomp => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  listenerPath: socket(),
  listenerMetadata: METADATA,
  syscalls: [{ names: ['getuid'], action: 'SCMP_ACT_NOTIFY' }],
})

async function configure(args: string[], process: Partial<Process> = {}, more: Partial<Seccomp> = {}) {
  await until(() => existsSync(socket()))
  const namespaces = (['pid', 'mount', 'network'] as const).map((type) => ({ type }))
  door.configure(
    args,
    { annotations: { 'org.example.a': 'b' }, linux: { namespaces, seccomp: { ...profile(), ...more } } },
    process,
  )
}

for (const noNewPrivileges of [false, true]) {
  test(`run: the agent answers, noNewPrivileges ${noNewPrivileges}`, { skip }, async () => {
    const before = told().length
    await configure(['id', '-ru'], { noNewPrivileges })
    const { status, stdout, stderr } = door.call(['run', '--bundle', door.bundle, 'c1'])
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: `${ANSWER}\n`, stderr: '' })
    await until(() => told().length > before)
    const [state, ...others] = told().slice(before)
    assert.deepEqual(others, [])
    assert.deepEqual(state, {
      ociVersion: '1.3.0',
      fds: ['seccompFd'],
      pid: state.pid,
      metadata: METADATA,
      state: {
        ociVersion: '1.3.0',
        id: 'c1',
        status: 'creating',
        pid: state.pid,
        bundle: door.bundle,
        annotations: { 'org.example.a': 'b' },
      },
    })
    assert.ok(state.pid > 1)
  })

  test(`create, start and exec, noNewPrivileges ${noNewPrivileges}`, { skip }, async () => {
    const before = told().length
    await configure(['sh', '-c', 'id -ru > /tmp/who; sleep 1000'], { noNewPrivileges })
    door.create('c2')
    // The agent has the listener before the container is started, and prints in its own time.
    await until(() => told().length > before)
    const { pid } = JSON.parse(door.call(['state', 'c2']).stdout)
    assert.equal(told().at(-1).pid, pid)
    door.quietly('start', 'c2')
    const who = join(door.bundle, 'rootfs/tmp/who')
    await until(() => existsSync(who) && readFileSync(who, 'utf8') === `${ANSWER}\n`)
    const file = join(door.folder, 'process.json')
    writeFileSync(
      file,
      JSON.stringify({ args: ['id', '-ru'], cwd: '/', env: ['PATH=/bin'], noNewPrivileges }),
    )
    const { status, stdout, stderr } = door.call(['exec', '--process', file, 'c2'])
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: `${ANSWER}\n`, stderr: '' })
    await until(() => told().length > before + 1)
    const state = told().at(-1)
    assert.equal(state.state.status, 'running')
    assert.equal(state.state.pid, pid)
    assert.notEqual(state.pid, pid)
    door.quietly('delete', '--force', 'c2')
  })
}

test('calls that wait for the agent may be killed', { skip }, async () => {
  await configure(
    ['id', '-ru'],
    {},
    { flags: ['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV', 'SECCOMP_FILTER_FLAG_LOG'] },
  )
  assert.equal(door.call(['run', '--bundle', door.bundle, 'c3']).stdout, `${ANSWER}\n`)
})

test('without an agent there is no container', { skip }, async () => {
  await configure(['id', '-ru'], {}, { listenerPath: '/nowhere/agent.sock' })
  const { status, stderr } = door.call(['run', '--bundle', door.bundle, 'c4'])
  assert.equal(status, 1)
  assert.match(stderr, /\/linux\/seccomp\/listenerPath/)
  assert.match(stderr, /connect\(\$agent, .*ENOENT/)
  assert.deepEqual(door.leftovers(), [])
})
