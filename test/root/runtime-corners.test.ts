/** Corners of the runtime-spec, as the container sees them. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Config, Process } from '../../src/oci/runtime-spec.ts'
import { runtimeDoorForTests, skip, until } from './runtime-door.ts'

const door = runtimeDoorForTests()

function inside(script: string, changes: Partial<Config>, process: Partial<Process> = {}): string {
  door.configure(['sh', '-c', script], changes, process)
  const { status, stdout, stderr } = door.call(['run', '--bundle', door.bundle, 'c1'])
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stdout)
  return stdout
}

test('personality', { skip: skip || (process.arch !== 'x64' && 'is of x86-64') }, () => {
  const machine = (linux: Config['linux']): string =>
    inside('busybox uname -m', linux ? { linux } : {}).trim()
  assert.equal(machine(undefined), 'x86_64')
  assert.equal(machine({ namespaces: [{ type: 'mount' }], personality: { domain: 'LINUX32' } }), 'i686')
})

/** proc_pid_stat(5): nice is the 19th field, policy the 41st. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
const STAT = 'read -r line < /proc/self/stat; set -- ${line##*) }; echo ${17} ${39}'

test('scheduler', { skip }, () => {
  assert.equal(inside(STAT, {}), '0 0\n')
  assert.equal(inside(STAT, {}, { scheduler: { policy: 'SCHED_BATCH', nice: 7 } }), '7 3\n')
  assert.equal(inside(STAT, {}, { scheduler: { policy: 'SCHED_IDLE' } }), '0 5\n')
})

test('I/O priority', { skip }, () => {
  assert.match(inside('busybox ionice -p 1', {}, { ioPriority: { class: 'IOPRIO_CLASS_IDLE' } }), /idle/)
  assert.match(
    inside('busybox ionice -p 1', {}, { ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 6 } }),
    /best-effort: prio 6/,
  )
})

test('the CPU affinity of an exec', { skip }, () => {
  door.configure(['sleep', '1000'])
  door.create('c1')
  door.quietly('start', 'c1')
  const allowed = (affinity: Process['execCPUAffinity']): string | undefined => {
    const file = join(door.folder, 'process.json')
    const process = {
      args: ['grep', 'Cpus_allowed_list', '/proc/self/status'],
      cwd: '/',
      env: ['PATH=/bin'],
      ...(affinity ? { execCPUAffinity: affinity } : {}),
    }
    writeFileSync(file, JSON.stringify(process))
    return door.call(['exec', '--process', file, 'c1']).stdout.split(/\s+/)[1]
  }
  const all = allowed(undefined)
  assert.equal(allowed({ initial: '0', final: '0' }), '0')
  assert.equal(allowed({ initial: '0' }), all)
  door.quietly('delete', '--force', 'c1')
})

const canLink = !skip && spawnSync('ip', ['link', 'show']).status === 0

test('a network device of the host moves in, with its address', {
  skip: skip || (!canLink && 'needs ip(8)'),
}, () => {
  const ip = (...args: string[]) => spawnSync('ip', args, { encoding: 'utf8' })
  assert.equal(ip('link', 'add', 'tctmove0', 'type', 'veth', 'peer', 'name', 'tctmove1').status, 0)
  try {
    ip('addr', 'add', '192.0.2.77/24', 'dev', 'tctmove0')
    const namespaces = (['mount', 'network', 'pid'] as const).map((type) => ({ type }))
    const said = inside('busybox ip addr show eth7', {
      linux: { namespaces, netDevices: { tctmove0: { name: 'eth7' } } },
    })
    assert.match(said, /eth7.*[<,]UP[,>]/)
    assert.match(said, /inet 192\.0\.2\.77\/24/)
  } finally {
    ip('link', 'del', 'tctmove1')
  }
})

test('a network device that is not there is an error with its place', { skip }, () => {
  const namespaces = (['mount', 'network'] as const).map((type) => ({ type }))
  door.configure(['true'], { linux: { namespaces, netDevices: { nosuch0: {} } } })
  const { status, stderr } = door.call(['create', '--bundle', door.bundle, 'c1'])
  assert.equal(status, 1)
  assert.match(stderr, /found no nosuch0 \(at \/linux\/netDevices\/nosuch0\)/)
})

const RECEIVE = `
import socket, sys, os
listener = socket.socket(socket.AF_UNIX); listener.bind(sys.argv[1]); listener.listen(1)
connection, _ = listener.accept()
message, fds, _, _ = socket.recv_fds(connection, 16, 1)
print(message.decode(), os.readlink('/proc/self/fd/%d' % fds[0]), open('/proc/self/fdinfo/%d' % fds[0]).read())
`

test('--pidfd-socket', { skip }, async () => {
  const socket = join(door.folder, 'pidfd.sock')
  const receiver = spawn('python3', ['-c', RECEIVE, socket], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  receiver.stdout.on('data', (chunk) => {
    said += chunk
  })
  await until(() => existsSync(socket))
  door.configure(['sleep', '1000'])
  door.create('c1', '--pidfd-socket', socket)
  const { pid } = JSON.parse(door.call(['state', 'c1']).stdout)
  await until(() => said.includes('Pid:'))
  assert.match(said, /^pidfd anon_inode:\[pidfd\]/)
  assert.match(said, new RegExp(`^Pid:\\t${pid}$`, 'm'))
  door.quietly('delete', 'c1')
})

test('what this host does not have is an error, not a shrug', { skip }, () => {
  const refused = (changes: Partial<Config>, words: RegExp): void => {
    door.configure(['true'], changes)
    const { status, stderr } = door.call(['create', '--bundle', door.bundle, 'c1'])
    assert.equal(status, 1)
    assert.match(stderr, words)
  }
  const namespaces = [{ type: 'mount' as const }]
  if (!existsSync('/sys/fs/resctrl/schemata'))
    refused({ linux: { namespaces, intelRdt: { closID: 'a' } } }, /Intel RDT is not supported or enabled/)
  if (!existsSync('/sys/fs/selinux/enforce'))
    refused({ linux: { namespaces, mountLabel: 'a:b:c' } }, /[Ss][Ee][Ll]inux/)
  if (!existsSync('/run/systemd/system'))
    assert.match(door.call(['--systemd-cgroup', 'create', '--bundle', door.bundle, 'c1']).stderr, /systemd/)
})
