/** What runc's own suite asks of containers whose root is somebody else outside. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import type { Config, Namespace } from '../../src/oci/runtime-spec.ts'
import { runtimeDoorForTests, skip } from './runtime-door.ts'

const door = runtimeDoorForTests()
const NAMESPACES = ['user', 'pid', 'network', 'ipc', 'uts', 'mount'] as const
const map = [{ containerID: 0, hostID: 100_000, size: 65_536 }]
const users: Config['linux'] = {
  namespaces: NAMESPACES.map((type) => ({ type })),
  uidMappings: map,
  gidMappings: map,
}
if (!skip) {
  spawnSync('chown', ['-R', '100000:100000', join(door.bundle, 'rootfs')])
  chmodSync(door.bundle, 0o755)
}

function runOnce(): string {
  const { status, stdout, stderr } = door.call(['run', '--bundle', door.bundle, 'c1'])
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stdout)
  return stdout
}

/** A folder of root's, that nobody else may enter. */
function privateFolder(): string {
  const folder = join(door.folder, 'private')
  mkdirSync(join(folder, 'inner'), { recursive: true })
  writeFileSync(join(folder, 'inner/file'), 'found\n')
  chmodSync(folder, 0o700)
  return folder
}

test('the source of a mount may lie where only the host’s root may go', { skip }, () => {
  const source = join(privateFolder(), 'inner')
  const mounts = [{ source, destination: '/mnt', options: ['rbind', 'ro'] }]
  door.configure(['sh', '-c', 'cat /mnt/file; busybox touch /mnt/x 2>&1 || true'], { mounts, linux: users })
  assert.equal(runOnce(), 'found\ntouch: /mnt/x: Read-only file system\n')
})

test('and so may the console socket', { skip }, async () => {
  const socket = join(privateFolder(), 'socket')
  const server = createServer((connection) => connection.resume())
  await new Promise<void>((listening) => server.listen(socket, listening))
  try {
    const mounts = [
      { destination: '/dev', type: 'tmpfs', options: ['mode=755'] },
      { destination: '/dev/pts', type: 'devpts', options: ['newinstance', 'ptmxmode=0666'] },
    ]
    door.configure(['true'], { mounts, linux: users }, { terminal: true })
    door.create('c1', '--console-socket', socket)
    assert.equal(door.status('c1'), 'created')
    door.quietly('delete', '--force', 'c1')
  } finally {
    server.close()
  }
})

test('clocks of its own', { skip }, () => {
  const namespaces = [...NAMESPACES, 'time' as const].map((type) => ({ type }))
  const timeOffsets = { boottime: { secs: 1337, nanosecs: 5 } }
  door.configure(['cat', '/proc/self/timens_offsets'], { linux: { ...users, namespaces, timeOffsets } })
  assert.match(runOnce(), /^boottime +1337 +5$/m)
})

test('a namespace to join may belong to somebody else than the user namespace to join', { skip }, () => {
  door.configure(['sleep', '1000'], {
    linux: { ...users, cgroupsPath: `/${basename(door.folder)}/owner` },
  })
  door.create('owner')
  const { pid } = JSON.parse(door.call(['state', 'owner']).stdout)
  const namespaces: Namespace[] = [
    { type: 'user', path: `/proc/${pid}/ns/user` },
    { type: 'ipc', path: '/proc/self/ns/ipc' },
    { type: 'mount' },
    { type: 'pid' },
  ]
  const source = join(privateFolder(), 'inner')
  // Its map is that of the joined namespace too.
  const mounts = [{ source, destination: '/mnt', options: ['bind', 'idmap'] }]
  const script = 'readlink /proc/self/ns/user; busybox stat -c %u /mnt/file'
  const proc = { destination: '/proc', type: 'proc' }
  door.configure(['sh', '-c', script], { mounts: [proc, ...mounts], linux: { namespaces } })
  const theirs = spawnSync('readlink', [`/proc/${pid}/ns/user`], { encoding: 'utf8' }).stdout
  assert.equal(runOnce(), `${theirs}0\n`)
  door.quietly('delete', '--force', 'owner')
})
