/**
 * What the second call of the same command line does without JavaScript besides `run`: `exec` in a container, and an
 * engine's `create` and `exec`. A JavaScript engine reserves a gigabyte of addresses, so under a limit of 200 MB only
 * native/start.c and the executor can run.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runtimeDoorForTests } from './runtime-door.ts'
import { binary, IMAGE, skip, tinyctrForTests } from './tinyctr.ts'

const tinyctr = tinyctrForTests()
const door = runtimeDoorForTests()

interface Call {
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
  readonly limited?: boolean
}

/** Output goes to a file: a container that goes on would keep a pipe open. */
function call(command: readonly string[], { input = '', env = {}, limited = false }: Call = {}) {
  const file = join(tinyctr.folder, 'out')
  const out = openSync(file, 'w')
  const script = limited ? 'ulimit -v 200000; exec "$@"' : 'exec "$@"'
  const { status } = spawnSync('sh', ['-c', script, 'sh', ...command], {
    input,
    stdio: ['pipe', out, out],
    env: { PATH: process.env.PATH, ...env },
    timeout: 20_000,
  })
  closeSync(out)
  return { status, output: readFileSync(file, 'utf8') }
}

const own = (...args: string[]): string[] => [binary, ...tinyctr.globalFlags, ...args]
const engine = (...args: string[]): string[] => [`${binary}-runtime`, '--root', door.root, ...args]
/** Without the log that the other tests of the door write, which makes each command line another. */
const native = { limited: true }

function withContainer(work: () => void): void {
  const made = call(own('run', '-d', '--network', 'none', '--name', 'web', IMAGE, 'sleep', '1000'))
  assert.equal(made.status, 0, made.output)
  try {
    work()
  } finally {
    call(own('rm', '-f', 'web'))
  }
}

test('exec: the second is the first', { skip }, () => {
  withContainer(() => {
    const command = own(
      'exec',
      '-i',
      '-e',
      'A=b',
      '-w',
      '/tmp',
      'web',
      'sh',
      '-c',
      'cat; echo $A; pwd; exit 7',
    )
    assert.notEqual(call(command, native).status, 7)
    const first = call(command, { input: 'told\n' })
    assert.deepEqual(first, { status: 7, output: 'told\nb\n/tmp\n' })
    assert.deepEqual(call(command, { ...native, input: 'told\n' }), first)
    const deaf = own('exec', 'web', 'cat')
    assert.deepEqual(call(deaf, { input: 'x' }), { status: 0, output: '' })
    assert.deepEqual(call(deaf, { ...native, input: 'x' }), { status: 0, output: '' })
    const missing = own('exec', 'web', 'no-such-program')
    assert.equal(call(missing).status, 127)
    assert.equal(call(missing).status, 127)
  })
})

test('exec: the container that was started again is another process; a paused one is not entered', {
  skip,
}, () => {
  withContainer(() => {
    const command = own('exec', 'web', 'sh', '-c', 'echo >>/once; cat /once | busybox wc -l')
    assert.equal(call(command).output, '1\n')
    assert.equal(call(command, native).output, '2\n')
    call(own('restart', '-t', '0', 'web'))
    assert.notEqual(call(command, native).status, 0)
    assert.equal(call(command).output, '3\n')
    assert.equal(call(command, native).output, '4\n')
    call(own('pause', 'web'))
    const paused = call(command)
    call(own('unpause', 'web'))
    if (paused.status === 0) assert.match(paused.output, /^5\n$/)
    else assert.match(paused.output, /paused/)
    call(own('stop', '-t', '0', 'web'))
    assert.match(call(command).output, /is not running/)
  })
})

test('exec: another container of the same name, another user file', { skip }, () => {
  const command = own('exec', '-u', 'somebody', 'web', 'id', '-u')
  withContainer(() => {
    call(own('exec', 'web', 'sh', '-c', 'echo somebody:x:7:7::/: >>/etc/passwd'))
    assert.equal(call(command).output, '7\n')
    assert.equal(call(command, native).output, '7\n')
    call(own('exec', 'web', 'sh', '-c', 'echo somebody:x:8:8::/: >/etc/passwd'))
    assert.notEqual(call(command, native).status, 0)
    assert.equal(call(command).output, '8\n')
  })
  withContainer(() => assert.match(call(command).output, /somebody/))
})

test("an engine's create: the same bundle again, under another id", { skip }, () => {
  door.configure(['sleep', '1000'])
  const create = (id: string): string[] => engine('create', '--bundle', door.bundle, id)
  // Before the very first there is no folder for their state.
  for (const id of ['first0', 'first1']) {
    assert.deepEqual(call(create(id)), { status: 0, output: '' })
    call(engine('delete', '--force', id))
  }
  assert.deepEqual(call(create('second'), native), { status: 0, output: '' })
  assert.equal(call(create('second')).status, 1)
  assert.equal(door.status('second'), 'created')
  const { id, pid, bundle } = JSON.parse(call(engine('state', 'second')).output)
  assert.deepEqual({ id, bundle, alive: pid > 0 }, { id: 'second', bundle: door.bundle, alive: true })
  assert.notEqual(call(create('third0'), native).status, 0, 'their one cgroup is taken')
  call(engine('delete', '--force', 'second'))
  door.configure(['sleep', '1001'])
  assert.notEqual(call(create('third0'), native).status, 0)
  assert.deepEqual(call(create('third0')), { status: 0, output: '' })
  call(engine('delete', '--force', 'third0'))
  // Sockets of systemd's are another start.
  assert.deepEqual(call(create('third1')), { status: 0, output: '' })
  call(engine('delete', '--force', 'third1'))
  assert.notEqual(call(create('third1'), { ...native, env: { LISTEN_FDS: '1' } }).status, 0)
})

test("an engine's exec", { skip }, () => {
  door.configure(['sleep', '1000'])
  door.create('c1')
  const command = engine('exec', 'c1', 'sh', '-c', 'echo inside; exit 3')
  assert.notEqual(call(command, native).status, 3)
  door.quietly('start', 'c1')
  assert.deepEqual(call(command), { status: 3, output: 'inside\n' })
  assert.deepEqual(call(command, native), { status: 3, output: 'inside\n' })
  door.quietly('delete', '--force', 'c1')
  assert.equal(call(command).status, 255)
  door.create('c1')
  door.quietly('start', 'c1')
  assert.notEqual(call(command, native).status, 3, 'another process')
  assert.equal(call(command).status, 3)
  door.quietly('delete', '--force', 'c1')
})

test('an exec as engines ask for it: files of other names each time', { skip }, () => {
  door.configure(['sleep', '1000'])
  door.create('c1')
  door.quietly('start', 'c1')
  const asked = (number: number, script: string, program = 'sh') => {
    const [process, pid, log] = ['process', 'pid', 'log'].map((name) =>
      join(door.folder, `${name}-${number}`),
    )
    const args = [program, '-c', script]
    writeFileSync(process!, JSON.stringify({ args, cwd: '/', env: ['PATH=/bin'], user: { uid: 0, gid: 0 } }))
    const told = ['--log', log!, '--log-format', 'json', 'exec', '--process', process!]
    return { command: engine(...told, '--detach', '--pid-file', pid!, 'c1'), pid: pid!, log: log! }
  }
  const script = 'echo $$ >>/dev/seen'
  const [first, second] = [asked(1000, script), asked(1001, script)]
  assert.deepEqual(call(first.command), { status: 0, output: '' })
  assert.deepEqual(call(second.command, native), { status: 0, output: '' })
  for (const { pid } of [first, second]) assert.match(readFileSync(pid, 'utf8'), /^\d+$/)
  assert.notEqual(readFileSync(first.pid, 'utf8'), readFileSync(second.pid, 'utf8'))
  assert.notEqual(call(asked(1002, 'true').command, native).status, 0, 'another process')
  assert.notEqual(call(asked(99999, script).command, native).status, 0, 'a name of another length')
  // What went wrong is told in the log of this time.
  for (const number of [1003, 1004]) {
    const { command, log } = asked(number, script, 'nothing')
    assert.equal(call(command).status, 255)
    assert.match(readFileSync(log, 'utf8'), /^\{.*executable file not found.*\}\n$/)
  }
  door.quietly('delete', '--force', 'c1')
})
