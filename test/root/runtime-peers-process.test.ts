/** What runc's and crun's own suites ask of the process: what it keeps, where it stands, what its terminal does. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Seccomp } from '../../src/oci/runtime-spec.ts'
import { runtimeDoorForTests, skip } from './runtime-door.ts'

const door = runtimeDoorForTests()
const binary = join(import.meta.dirname, '../../build/tinyctr-runtime')

function output(...args: string[]): string {
  const { status, stdout, stderr } = door.call(args)
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stdout)
  return stdout
}
const runOnce = (): string => output('run', '--bundle', door.bundle, 'c1')

test('who waits to be started has no file of the host open', { skip }, () => {
  door.configure(['sleep', '1000'])
  door.create('c1')
  const { pid } = JSON.parse(output('state', 'c1'))
  const targets = readdirSync(`/proc/${pid}/fd`)
    .filter((fd) => Number(fd) > 2)
    .map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
  const ownFiles = targets.filter((target) => !/^(socket:|anon_inode:\[)/.test(target))
  assert.deepEqual(ownFiles, [join(door.root, 'c1/exec.fifo')])
  door.quietly('delete', 'c1')
})

test('what is null is not there', { skip }, () => {
  door.configure(['busybox', 'echo', 'well'])
  const file = join(door.bundle, 'config.json')
  const config = JSON.parse(readFileSync(file, 'utf8'))
  Object.assign(config.linux, { timeOffsets: null, resources: null, sysctl: null })
  Object.assign(config.process, { rlimits: null, capabilities: null })
  writeFileSync(file, JSON.stringify(config))
  assert.equal(runOnce(), 'well\n')
})

test('an empty HOME is that of the user', { skip }, () => {
  mkdirSync(join(door.bundle, 'rootfs/etc'), { recursive: true })
  writeFileSync(join(door.bundle, 'rootfs/etc/passwd'), 'root:x:0:0::/root:/bin/sh\n')
  const home = (...env: string[]): string => {
    door.configure(['sh', '-c', 'echo $HOME'], {}, { env: ['PATH=/bin', ...env] })
    return runOnce()
  }
  assert.equal(home('HOME='), '/root\n')
  assert.equal(home('HOME=/here', 'HOME='), '/root\n')
  assert.equal(home('HOME=/here'), '/here\n')
})

test('root stands in a folder that its capabilities alone would keep it out of', { skip }, () => {
  const folder = join(door.bundle, 'rootfs/private')
  mkdirSync(folder, { recursive: true })
  chownSync(folder, 42, 42)
  chmodSync(folder, 0o700)
  door.configure(['sleep', '1000'], {}, { cwd: '/private', user: { uid: 42, gid: 42 } })
  door.create('c1')
  door.quietly('start', 'c1')
  assert.equal(output('exec', '--user', '0', 'c1', 'pwd'), '/private\n')
  door.quietly('delete', '--force', 'c1')
})

test('its processors are those of its cgroup, not those of its caller', { skip }, () => {
  const bound = (...args: string[]): string | undefined => {
    const command = ['-c', '0', binary, '--root', door.root, ...args]
    return spawnSync('taskset', command, { encoding: 'utf8' }).stdout.split(/\s+/)[1]
  }
  const own = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  const ask = ['grep', 'Cpus_allowed_list', '/proc/self/status']
  door.configure(ask)
  assert.equal(bound('run', '--bundle', door.bundle, 'c1'), own)
  door.configure(['sleep', '1000'])
  door.create('c1')
  door.quietly('start', 'c1')
  assert.equal(bound('exec', 'c1', ...ask), own)
  door.quietly('delete', '--force', 'c1')
})

test('a terminal keeps the group of its devpts, and newlines as they are written', { skip }, () => {
  const devpts = {
    destination: '/dev/pts',
    type: 'devpts',
    options: ['newinstance', 'ptmxmode=0666', 'gid=5'],
  }
  const mounts = [
    { destination: '/proc', type: 'proc' },
    { destination: '/dev', type: 'tmpfs', options: ['mode=755', 'ro'] },
    devpts,
  ]
  const script = "busybox stat -c '%u %g' $(busybox tty); busybox touch /dev/x"
  door.configure(['sh', '-c', script], { mounts }, { terminal: true, user: { uid: 1000, gid: 100 } })
  const { stdout } = door.call(['run', '--bundle', door.bundle, 'c1'])
  assert.equal(stdout, '1000 5\ntouch: /dev/x: Read-only file system\n')
})

test('kill 0 asks whether it lives', { skip }, () => {
  door.configure(['sleep', '1000'])
  door.create('c1')
  door.quietly('start', 'c1')
  door.quietly('kill', 'c1', '0')
  door.quietly('kill', 'c1', 'KILL')
  assert.match(door.call(['kill', 'c1', '0']).stderr, /container not running/)
  door.quietly('delete', 'c1')
})

test('startContainer hooks have the environment and the seccomp filter of the container', { skip }, () => {
  const hook = (script: string) => ({ startContainer: [{ path: '/bin/sh', args: ['sh', '-c', script] }] })
  const told = { env: ['PATH=/bin', 'ONE=two'], noNewPrivileges: true }
  door.configure(['cat', '/tmp/told'], { hooks: hook('echo $ONE >/tmp/told') }, told)
  assert.equal(runOnce(), 'two\n')
  const seccomp: Seccomp = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_KILL' }],
  }
  door.configure(['true'], { hooks: hook('busybox mkdir /tmp/made'), linux: { seccomp } }, told)
  assert.match(door.call(['run', '--bundle', door.bundle, 'c1']).stderr, /startContainer hook/)
})
