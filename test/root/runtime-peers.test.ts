/** What runc's and crun's own suites ask of a runtime beyond the spec. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { runtimeDoorForTests, skip } from './runtime-door.ts'

const door = runtimeDoorForTests()

function output(args: readonly string[], env?: Readonly<Record<string, string>>): string {
  const { status, stdout, stderr } = door.call(args, env ? { env } : {})
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stdout)
  return stdout
}
const runOnce = (env?: Readonly<Record<string, string>>): string =>
  output(['run', '--bundle', door.bundle, 'c1'], env)

test('--config names another file than config.json', { skip }, () => {
  door.configure(['busybox', 'echo', 'other'])
  const folder = join(door.folder, 'elsewhere')
  mkdirSync(folder)
  copyFileSync(join(door.bundle, 'config.json'), join(folder, 'that.json'))
  rmSync(join(door.bundle, 'config.json'))
  const { stdout, stderr } = door.call(
    ['run', '--bundle', door.bundle, '--config', 'elsewhere/that.json', 'c1'],
    { cwd: door.folder },
  )
  assert.equal(stdout, 'other\n', stderr)
})

test('a capability that no kernel has is not had', { skip }, () => {
  const names = ['CAP_KILL', 'CAP_UNKNOWN']
  const sets = { bounding: names, effective: names, permitted: names }
  door.configure(['grep', 'Cap', '/proc/self/status'], {}, { capabilities: sets })
  assert.match(runOnce(), /CapEff:\t0000000000000020\nCapBnd:\t0000000000000020\n/)
})

test('a variable that is set twice has its last value', { skip }, () => {
  door.configure(['sh', '-c', 'busybox env | grep ^A'], {}, { env: ['A=1', 'PATH=/bin', 'A=2'] })
  assert.equal(runOnce(), 'A=2\n')
  door.configure(['sleep', '1000'], {}, { env: ['PATH=/nowhere', 'A=1', 'PATH=/bin'] })
  door.create('c1')
  door.quietly('start', 'c1')
  const inside = output(['exec', '--env', 'A=3', '-e', 'B=4', 'c1', 'sh', '-c', 'busybox env | grep ^[AB]='])
  assert.equal(inside, 'A=3\nB=4\n')
  door.quietly('delete', '--force', 'c1')
})

test('a hook without an environment has the runtime’s, one with an empty one has none', { skip }, () => {
  const file = join(door.folder, 'told')
  const script = `echo "[$MARK]" >>${file}`
  const hook = { path: '/bin/sh', args: ['sh', '-c', script] }
  door.configure(['cat', '/dev/null'], {
    hooks: { prestart: [hook, { ...hook, env: [] }], poststop: [hook] },
  })
  runOnce({ MARK: 'here' })
  assert.equal(spawnSync('cat', [file], { encoding: 'utf8' }).stdout, '[here]\n[]\n[here]\n')
})

test('sockets that systemd opened are handed on', { skip }, () => {
  door.configure(['sh', '-c', 'echo $LISTEN_FDS $LISTEN_PID $LISTEN_FDNAMES; cat <&3'])
  const script = 'echo handed on >"$0"; export LISTEN_FDS=1 LISTEN_FDNAMES=web; exec "$@" 3<"$0"'
  const command = [join(import.meta.dirname, '../../build/tinyctr-runtime'), '--root', door.root]
  const { stdout, stderr } = spawnSync(
    'sh',
    ['-c', script, join(door.folder, 'socket'), ...command, 'run', '--bundle', door.bundle, 'c1'],
    { encoding: 'utf8' },
  )
  assert.equal(stdout, '1 1 web\nhanded on\n', stderr)
})

test('the caller’s groups stay where an annotation says so', { skip }, () => {
  const command = [join(import.meta.dirname, '../../build/tinyctr-runtime'), '--root', door.root]
  const groups = (annotations: Record<string, string>): string => {
    door.configure(['grep', 'Groups', '/proc/self/status'], { annotations })
    const args = ['--groups', '1,2,3', ...command, 'run', '--bundle', door.bundle, 'c1']
    return spawnSync('setpriv', args, { encoding: 'utf8' }).stdout
  }
  assert.match(groups({}), /^Groups:\t *\n$/)
  assert.match(groups({ 'run.oci.keep_original_groups': '1' }), /^Groups:\t1 2 3 \n$/)
})

test('delete --regex takes all whose id matches', { skip }, () => {
  for (const id of ['one-a', 'one-b', 'two']) {
    door.configure(['sleep', '1000'], {
      linux: {
        namespaces: [{ type: 'mount' }, { type: 'pid' }],
        cgroupsPath: `/${basename(door.folder)}/${id}`,
      },
    })
    door.create(id)
  }
  door.quietly('delete', '--force', '--regex', '^one-')
  assert.deepEqual(door.leftovers(), ['two'])
  door.quietly('delete', '--force', 'two')
  assert.match(door.call(['delete', '--regex', '(']).stderr, /invalid regular expression "\("/)
})
