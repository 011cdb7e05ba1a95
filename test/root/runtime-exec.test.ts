/** Another program in a running container. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inUserNamespace } from '../plan/bundle.ts'
import { runtimeDoorForTests, skip, until } from './runtime-door.ts'

const door = runtimeDoorForTests()
const script = new URL('terminal.py', import.meta.url).pathname

function running(configure: () => void): {
  pid: number
  exec: (...args: string[]) => ReturnType<typeof door.call>
} {
  configure()
  door.create('c1')
  door.quietly('start', 'c1')
  const { pid } = JSON.parse(door.call(['state', 'c1']).stdout)
  return { pid, exec: (...args) => door.call(['exec', ...args]) }
}
const end = (): void => door.quietly('delete', '--force', 'c1')

test('it shares every namespace and the cgroup, and leaves with its own exit code', { skip }, () => {
  const { pid, exec } = running(() => door.configure(['sleep', '1000']))
  const kinds = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts', 'time']
  const { status, stdout } = exec(
    'c1',
    'sh',
    '-c',
    `for one in ${kinds.join(' ')}; do readlink /proc/self/ns/$one; done; exit 9`,
  )
  assert.equal(status, 9)
  assert.deepEqual(
    stdout.trim().split('\n'),
    kinds.map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`)),
  )
  const ownCgroup = /^0::.*$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[0]
  assert.equal(exec('c1', 'grep', '^0::', '/proc/self/cgroup').stdout.trim(), ownCgroup)
  end()
})

test('every flag of the command line', { skip }, () => {
  const { exec } = running(() => door.configure(['sleep', '1000']))
  assert.match(
    exec(
      '--user',
      '5:6',
      '--additional-gids',
      '7',
      '--cwd',
      '/tmp',
      '--env',
      'A=b c',
      'c1',
      'sh',
      '-c',
      'id; pwd; echo $A',
    ).stdout,
    /^uid=5 gid=6 groups=7\n\/tmp\nb c\n$/,
  )
  assert.match(exec('c1', 'grep', 'CapEff', '/proc/self/status').stdout, /0000000000000000/)
  assert.match(
    exec('--cap', 'CAP_NET_ADMIN', 'c1', 'grep', 'CapEff', '/proc/self/status').stdout,
    /0000000000001000/,
  )
  assert.match(exec('--no-new-privs', 'c1', 'grep', 'NoNewPrivs', '/proc/self/status').stdout, /\t1/)
  assert.equal(door.call(['exec', 'c1', 'cat'], { input: 'through' }).stdout, 'through')
  // A name is no number, and must not become root.
  assert.equal(exec('--user', 'root', 'c1', 'id').status, 255)
  end()
})

test('--process, --detach and --pid-file', { skip }, async () => {
  const { exec } = running(() => door.configure(['sleep', '1000']))
  const [file, pidFile] = [join(door.folder, 'process.json'), join(door.folder, 'exec.pid')]
  writeFileSync(
    file,
    JSON.stringify({
      args: ['sh', '-c', 'echo $WHAT > /tmp/detached; sleep 1000'],
      cwd: '/',
      env: ['PATH=/bin', 'WHAT=detached'],
      rlimits: [{ type: 'RLIMIT_NOFILE', soft: 11, hard: 12 }],
    }),
  )
  assert.deepEqual(exec('--process', file, '--detach', '--pid-file', pidFile, 'c1'), {
    status: 0,
    stdout: '',
    stderr: '',
  })
  const pid = readFileSync(pidFile, 'utf8')
  assert.match(pid, /^\d+$/)
  assert.match(readFileSync(`/proc/${pid}/limits`, 'utf8'), /Max open files +11 +12/)
  const said = join(door.bundle, 'rootfs/tmp/detached')
  await until(() => spawnSync('cat', [said], { encoding: 'utf8' }).stdout === 'detached\n')
  end()
  await until(
    () =>
      spawnSync('kill', ['-0', pid]).status !== 0 ||
      /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')),
  )
})

test('a terminal of its own', { skip }, () => {
  const { exec: _ } = running(() => door.configure(['sleep', '1000']))
  const binary = join(import.meta.dirname, '../../build/tinyctr-runtime')
  const command = [binary, '--root', door.root, 'exec', '--tty', 'c1', 'sh', '-c', 'readlink /proc/self/fd/0']
  const { stdout } = spawnSync('python3', [script, JSON.stringify([]), ...command], { encoding: 'utf8' })
  assert.match(stdout, /\/dev\/pts\/0/)
  end()
})

test('what does not run: 255, and one line in the log', { skip }, async () => {
  const { exec } = running(() => door.configure(['sleep', '1000']))
  const failed = (words: RegExp, ...args: string[]): void => {
    door.logged()
    const { status, stderr } = exec(...args)
    assert.equal(status, 255)
    assert.match(stderr, words)
    const lines = door.logged()
    assert.equal(lines.length, 1)
    assert.match(lines[0]?.msg ?? '', words)
  }
  failed(/"nosuch": executable file not found in \$PATH/, 'c1', 'nosuch')
  failed(/no such file or directory/, 'c1', '/nosuch')
  failed(/permission denied/, 'c1', '/bin/not-executable')
  failed(/does not exist/, 'c2', 'true')
  door.quietly('kill', 'c1', '9')
  await until(() => door.status('c1') === 'stopped')
  failed(/stopped/, 'c1', 'true')
  end()
})

test('into a user namespace', { skip }, () => {
  const { exec } = running(() => {
    door.configure(['sleep', '1000'])
    const config = inUserNamespace(JSON.parse(readFileSync(join(door.bundle, 'config.json'), 'utf8')))
    spawnSync('chmod', ['755', door.bundle])
    writeFileSync(join(door.bundle, 'config.json'), JSON.stringify(config))
  })
  const { status, stdout, stderr } = exec('c1', 'sh', '-c', 'id; cat /proc/self/uid_map')
  assert.equal(stderr, '')
  assert.equal(status, 0)
  assert.match(stdout, /^uid=0\b.*\n +0 +100000 +65536\n$/)
  end()
})

test('in a frozen container only when asked to', { skip }, () => {
  const { exec } = running(() => door.configure(['sleep', '1000']))
  door.quietly('pause', 'c1')
  assert.equal(door.status('c1'), 'paused')
  const { status, stderr } = exec('c1', 'true')
  assert.equal(status, 255)
  assert.match(stderr, /cannot exec in a paused container/)
  door.quietly('resume', 'c1')
  assert.equal(exec('c1', 'true').status, 0)
  door.quietly('pause', 'c1')
  door.quietly('kill', 'c1', 'KILL')
  end()
})
