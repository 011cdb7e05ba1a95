/** Hooks of all six kinds: where, when and with what (runtime-spec config.md, "POSIX-platform Hooks"). */
import assert from 'node:assert/strict'
import { chmodSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Hook, HookName } from '../../src/oci/runtime-spec.ts'
import { runtimeDoorForTests, skip } from './runtime-door.ts'

const door = runtimeDoorForTests()
const HOST_SIDE: readonly HookName[] = [
  'prestart',
  'createRuntime',
  'createContainer',
  'poststart',
  'poststop',
]

interface Heard {
  readonly name: string
  readonly cwd: string
  readonly environment: string
  readonly namespace: string
  readonly state: { status: string; pid?: number; id: string; bundle: string }
}

/** A hook that notes what it was given, a line each. */
function notes(): { hook: (name: string) => Hook; heard: () => Heard[] } {
  const script = join(door.folder, 'hook.sh')
  const file = join(door.folder, 'heard')
  rmSync(file, { force: true })
  writeFileSync(
    script,
    `#!/bin/sh
state=$(/bin/cat)
echo "{\\"name\\":\\"$1\\",\\"cwd\\":\\"$(pwd)\\",\\"environment\\":\\"$(/usr/bin/env | /bin/grep -vE '^(PWD|SHLVL|_|OLDPWD)=' | /usr/bin/tr '\\n' ' ')\\",\\"namespace\\":\\"$(/usr/bin/readlink /proc/self/ns/mnt)\\",\\"state\\":$state}" >> ${file}
`,
  )
  chmodSync(script, 0o755)
  return {
    hook: (name) => ({ path: script, args: ['hook.sh', name], env: ['A=b'] }),
    heard: () =>
      readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
  }
}

test('in order, each in its namespaces, with the state of that moment', { skip }, () => {
  const { hook, heard } = notes()
  door.configure(['true'], {
    hooks: {
      ...Object.fromEntries(HOST_SIDE.map((name) => [name, [hook(name)]])),
      startContainer: [
        {
          path: '/bin/sh',
          args: ['sh', '-c', 'cat > /tmp/inside; id -u >> /tmp/inside'],
          env: ['PATH=/bin'],
        },
      ],
    },
  })
  door.create('c1')
  const { pid } = JSON.parse(door.call(['state', 'c1']).stdout)
  assert.deepEqual(
    heard().map(({ name }) => name),
    ['prestart', 'createRuntime', 'createContainer'],
  )
  door.quietly('start', 'c1')
  door.call(['delete', '--force', 'c1'])
  const all = heard()
  assert.deepEqual(
    all.map(({ name, state }) => [name, state.status, state.pid]),
    [
      ['prestart', 'created', pid],
      ['createRuntime', 'created', pid],
      ['createContainer', 'created', 1],
      ['poststart', 'running', pid],
      ['poststop', 'stopped', undefined],
    ],
  )
  const own = readlinkSync('/proc/self/ns/mnt')
  for (const { name, cwd, environment, namespace, state } of all) {
    const stands = name === 'createContainer' ? join(door.bundle, 'rootfs') : door.bundle
    assert.deepEqual([cwd, environment, state.id, state.bundle], [stands, 'A=b ', 'c1', door.bundle], name)
    assert.equal(namespace === own, name !== 'createContainer', name)
  }
  assert.match(
    readFileSync(join(door.bundle, 'rootfs/tmp/inside'), 'utf8'),
    /"status":"created","pid":1\}0\n$/,
  )
})

test('run does them all', { skip }, () => {
  const { hook, heard } = notes()
  door.configure(['true'], { hooks: Object.fromEntries(HOST_SIDE.map((name) => [name, [hook(name)]])) })
  assert.deepEqual(door.call(['run', '--bundle', door.bundle, 'c1']), { status: 0, stdout: '', stderr: '' })
  assert.deepEqual(
    heard().map(({ name }) => name),
    HOST_SIDE,
  )
})

const shell = (script: string, more: Partial<Hook> = {}): Hook => ({
  path: '/bin/sh',
  args: ['sh', '-c', script],
  ...more,
})

test('one that fails ends the container, and says path, arguments and what it printed', { skip }, () => {
  const { hook, heard } = notes()
  for (const name of ['prestart', 'createRuntime', 'createContainer'] as const) {
    rmSync(join(door.folder, 'heard'), { force: true })
    door.configure(['true'], {
      hooks: { [name]: [shell('echo "it broke" >&2; exit 3'), hook('never')], poststop: [hook('poststop')] },
    })
    const { status, stderr } = door.call(['create', '--bundle', door.bundle, 'c1'])
    assert.equal(status, 1)
    assert.match(stderr, new RegExp(`${name} hook #0: /bin/sh -c echo .*it said: it broke`))
    assert.equal(door.logged().length, 1)
    assert.deepEqual(door.leftovers(), [])
    assert.deepEqual(
      heard().map((one) => one.name),
      ['poststop'],
    )
  }
})

test('one that takes too long is killed', { skip }, () => {
  door.configure(['true'], { hooks: { createRuntime: [shell('sleep 100', { timeout: 1 })] } })
  const { status, stderr } = door.call(['create', '--bundle', door.bundle, 'c1'])
  assert.equal(status, 1)
  assert.match(stderr, /createRuntime hook #0: .*longer than its timeout/)
})

test('startContainer and poststart hooks fail the start; poststop hooks only complain', { skip }, () => {
  door.configure(['sleep', '1000'], { hooks: { startContainer: [shell('echo inside; exit 1')] } })
  door.create('c1')
  assert.match(door.call(['start', 'c1']).stderr, /startContainer hook #0: .*it said: inside/)
  door.quietly('delete', 'c1')
  door.configure(['sleep', '1000'], { hooks: { poststart: [shell('exit 4')] } })
  door.create('c1')
  assert.match(door.call(['start', 'c1']).stderr, /poststart hook #0: .*it exited with 4/)
  assert.equal(door.status('c1'), 'stopped')
  door.quietly('delete', 'c1')
  door.configure(['sleep', '1000'], { hooks: { poststop: [shell('exit 5')] } })
  door.create('c1')
  const { status, stderr } = door.call(['delete', 'c1'])
  assert.equal(status, 0)
  assert.match(stderr, /warning: .*poststop hook #0: .*it exited with 5/)
})
