/** The life of a container as engines lead it (runtime-spec runtime.md, "Lifecycle"). */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runtimeDoorForTests, skip, until } from './runtime-door.ts'

const door = runtimeDoorForTests()

test('create, start, kill and delete, with the state in between', { skip }, async () => {
  const pidFile = join(door.folder, 'pid')
  door.configure(['sleep', '1000'], { annotations: { 'org.example': 'yes' } })
  door.create('c1', '--pid-file', pidFile)
  const pid = readFileSync(pidFile, 'utf8')
  assert.match(pid, /^\d+$/)
  const state = JSON.parse(door.call(['state', 'c1']).stdout)
  assert.deepEqual(
    { ...state, created: typeof state.created },
    {
      ociVersion: '1.3.0',
      id: 'c1',
      pid: Number(pid),
      status: 'created',
      bundle: door.bundle,
      rootfs: join(door.bundle, 'rootfs'),
      created: 'string',
      annotations: { 'org.example': 'yes' },
      owner: '',
    },
  )
  assert.notEqual(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0], 'sleep')
  door.quietly('start', 'c1')
  assert.equal(door.status('c1'), 'running')
  assert.equal(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), 'sleep\x001000\0')
  door.quietly('kill', 'c1', 'KILL')
  await until(() => door.status('c1') === 'stopped')
  assert.equal(JSON.parse(door.call(['state', 'c1']).stdout).pid, 0)
  door.quietly('delete', 'c1')
  assert.equal(door.status('c1'), 'none')
})

test('a config.json that changes after create has no effect', { skip }, () => {
  const output = join(door.bundle, 'rootfs/tmp/said')
  door.configure(['sh', '-c', 'echo first > /tmp/said'])
  door.create('c1')
  door.configure(['sh', '-c', 'echo second > /tmp/said'])
  door.quietly('start', 'c1')
  spawnSync('sleep', ['0.3'])
  assert.equal(readFileSync(output, 'utf8'), 'first\n')
  door.quietly('delete', 'c1')
})

test('what is in the wrong state is refused, in one line of the log', { skip }, () => {
  door.configure(['sleep', '1000'])
  door.create('c1')
  const refused = (args: readonly string[], words: RegExp): void => {
    door.logged()
    const { status, stdout, stderr } = door.call(args)
    assert.deepEqual({ status, stdout }, { status: 1, stdout: '' }, args.join(' '))
    assert.match(stderr, words)
    const [line, ...more] = door.logged()
    assert.deepEqual(more, [])
    assert.equal(line?.level, 'error')
    assert.match(line?.msg ?? '', words)
  }
  refused(['create', '--bundle', door.bundle, 'c1'], /container with id exists/)
  refused(['create', '--bundle', door.bundle, 'a/b'], /invalid container ID format/)
  refused(['start', 'none'], /does not exist/)
  refused(['resume', 'c1'], /container not paused/)
  refused(['kill', 'c1', 'NOSUCH'], /unknown signal/)
  door.quietly('start', 'c1')
  refused(['start', 'c1'], /cannot start an already running container/)
  refused(['delete', 'c1'], /cannot delete container c1 that is not stopped: running/)
  door.quietly('kill', 'c1', '9')
  door.call(['delete', '--force', 'c1'])
  refused(['state', 'c1'], /container "c1" does not exist/)
  refused(['kill', 'c1', '9'], /does not exist/)
  refused(['delete', 'c1'], /does not exist/)
  door.quietly('delete', '--force', 'c1')
})

test('delete ends a created container, and with --force a running one', { skip }, () => {
  door.configure(['sleep', '1000'])
  door.create('c1')
  door.quietly('delete', 'c1')
  door.create('c1')
  door.quietly('start', 'c1')
  const { pid } = JSON.parse(door.call(['state', 'c1']).stdout)
  door.quietly('delete', '--force', 'c1')
  assert.ok(!existsSync(`/proc/${pid}/root/bin`))
})

test('a program that is not there fails create; one that cannot run fails start', { skip }, () => {
  const cases: [args: string[], words: RegExp][] = [
    [['nosuch'], /"nosuch": executable file not found in \$PATH/],
    [['/bin/nosuch'], /\/bin\/nosuch"?: no such file or directory/],
    [['/bin/not-executable'], /permission denied/],
  ]
  for (const [args, words] of cases) {
    door.configure(args)
    const { status, stderr } = door.call(['create', '--bundle', door.bundle, 'c1'])
    assert.equal(status, 1)
    assert.match(stderr, words)
    assert.match(stderr, /^exec.*\n$/)
    const lines = door.logged()
    assert.equal(lines.length, 1)
    assert.match(lines[0]?.msg ?? '', words)
    assert.deepEqual(door.leftovers(), [])
  }
  writeFileSync(join(door.bundle, 'rootfs/bin/bad'), '#!/no/interpreter\n', { mode: 0o755 })
  door.configure(['bad'])
  door.create('c1')
  const { status, stderr } = door.call(['start', 'c1'])
  assert.equal(status, 1)
  assert.equal(stderr, 'exec /bin/bad: no such file or directory\n')
  const lines = door.logged()
  assert.equal(lines.length, 1)
  assert.match(lines[0]?.msg ?? '', /no such file or directory: it starts with #!\/no\/interpreter/)
  assert.equal(door.status('c1'), 'stopped')
  door.quietly('delete', 'c1')
})

test('run: its exit code, its output, nothing left; and detached', { skip }, () => {
  door.configure(['sh', '-c', 'echo out; echo err >&2; exit 7'])
  assert.deepEqual(door.call(['run', 'c1'], { cwd: door.bundle }), {
    status: 7,
    stdout: 'out\n',
    stderr: 'err\n',
  })
  assert.deepEqual(door.leftovers(), [])
  assert.equal(door.call(['run', '--keep', 'c1'], { cwd: door.bundle }).status, 7)
  assert.equal(door.status('c1'), 'stopped')
  door.quietly('delete', 'c1')
  door.configure(['sleep', '1000'])
  door.quietly('run', '--detach', '--bundle', door.bundle, 'c1')
  assert.equal(door.status('c1'), 'running')
  door.quietly('delete', '--force', 'c1')
})

test('HOME comes from the passwd of the container, where nothing else says it', { skip }, () => {
  mkdirSync(join(door.bundle, 'rootfs/etc'), { recursive: true })
  writeFileSync(join(door.bundle, 'rootfs/etc/passwd'), 'root:x:0:0::/root:\nsomebody:x:5:5::/home/some:\n')
  const home = (uid: number, env: string[] = []): string => {
    door.configure(['sh', '-c', 'echo $HOME'], {}, { user: { uid, gid: 0 }, env: ['PATH=/bin', ...env] })
    return door.call(['run', '--bundle', door.bundle, 'c1']).stdout.trim()
  }
  assert.equal(home(0), '/root')
  assert.equal(home(5), '/home/some')
  assert.equal(home(6), '/')
  assert.equal(home(0, ['HOME=/here']), '/here')
})

test('preserved files reach the program, and no others', { skip }, () => {
  door.configure(['sh', '-c', 'ls /proc/self/fd; cat <&3'])
  const binary = join(import.meta.dirname, '../../build/tinyctr-runtime')
  const script = `exec 3<<<three 4</dev/null 9</dev/null; ${binary} --root ${door.root} run --bundle ${door.bundle} --preserve-fds 2 c1`
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
  assert.equal(stderr, '')
  // The last but one is ls's own.
  assert.equal(stdout, '0\n1\n2\n3\n4\n5\nthree\n')
})

test('unknown commands and flags; versions', { skip }, () => {
  assert.deepEqual(door.call(['frobnicate']).status, 3)
  assert.equal(door.call(['state']).status, 1)
  assert.equal(door.call(['state', '--nosuch', 'c1']).status, 1)
  assert.match(
    door.call(['--version']).stdout,
    /^tinyctr-runtime version \d+\.\d+\.\d+\ncommit: \S+\nspec: 1\.3\.0\n$/,
  )
  // Go's flags have one dash or two.
  door.configure(['true'])
  door.quietly('create', '-bundle', door.bundle, 'c1')
  door.quietly('delete', '-force', 'c1')
})

test('list and ps', { skip }, () => {
  assert.equal(door.call(['list', '--format', 'json']).stdout, 'null\n')
  door.configure(['sleep', '1000'])
  door.create('c1')
  const { pid } = JSON.parse(door.call(['state', 'c1']).stdout)
  const [row] = JSON.parse(door.call(['list', '--format', 'json']).stdout)
  assert.deepEqual([row.id, row.pid, row.status, row.owner], ['c1', pid, 'created', 'root'])
  assert.match(door.call(['list']).stdout, /^ID {10}PID {9}STATUS {6}BUNDLE .*\nc1 {10}\d+ +created +\//)
  assert.equal(door.call(['list', '-q']).stdout, 'c1\n')
  assert.deepEqual(JSON.parse(door.call(['ps', '--format', 'json', 'c1']).stdout), [pid])
  assert.match(door.call(['ps', 'c1', '-o', 'pid,comm']).stdout, new RegExp(`PID COMMAND\\n *${pid} `))
  door.quietly('delete', 'c1')
})

test('a state folder without a container is stopped, and delete frees it', { skip }, () => {
  mkdirSync(join(door.root, 'half'), { recursive: true })
  door.quietly('delete', 'half')
})
