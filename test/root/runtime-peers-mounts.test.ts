/** What runc's own suite asks of mounts: where they go, and what they cover. */
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import type { Mount } from '../../src/oci/runtime-spec.ts'
import { runtimeDoorForTests, skip } from './runtime-door.ts'

const door = runtimeDoorForTests()
const rootfs = join(door?.bundle ?? '', 'rootfs')
const made: string[] = []
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true })
})

function inRoot(path: string): string {
  made.push(join(rootfs, path))
  return join(rootfs, path)
}

const PROC = { destination: '/proc', type: 'proc' }

function inside(script: string, mounts: readonly Mount[], ...flags: string[]): string {
  door.configure(['sh', '-c', script], { mounts: [...mounts] })
  const { status, stdout, stderr } = door.call(['run', '--bundle', door.bundle, ...flags, 'c1'])
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stdout)
  return stdout
}

test('a tmpfs has the mode of the folder that it covers', { skip }, () => {
  mkdirSync(inRoot('covered'), { mode: 0o710 })
  const mode = (destination: string, ...options: string[]): string =>
    inside(`busybox stat -c %a ${destination}`, [{ destination, type: 'tmpfs', options }])
  assert.equal(mode('/covered'), '710\n')
  assert.equal(mode('/covered', 'mode=1500'), '1500\n')
  made.push(join(rootfs, 'none'))
  assert.equal(mode('/none/below'), '1777\n')
})

test('a mount goes where a symlink leads, be it there or not', { skip }, () => {
  symlinkSync('/later/on', inRoot('jump'))
  symlinkSync('/jump/file', inRoot('named'))
  made.push(join(rootfs, 'later'))
  writeFileSync(join(door.folder, 'source'), 'here\n')
  const mount = { source: join(door.folder, 'source'), destination: '/named', options: ['bind'] }
  assert.equal(inside('cat /later/on/file', [mount]), 'here\n')
})

test('a source may come with an earlier mount', { skip }, () => {
  const source = join(door.folder, 'tree')
  mkdirSync(join(source, 'deep/er'), { recursive: true })
  writeFileSync(join(source, 'deep/er/file'), 'found\n')
  made.push(join(rootfs, 'first'), join(rootfs, 'second'))
  const mounts = [
    { source, destination: '/first', options: ['bind'] },
    { source: join(rootfs, 'first/deep'), destination: join(rootfs, 'second'), options: ['rbind'] },
  ]
  assert.equal(inside('cat /second/er/file', mounts), 'found\n')
})

test('proc goes on a folder, not through a symlink', { skip }, () => {
  const proc = join(rootfs, 'proc')
  rmSync(proc, { recursive: true })
  symlinkSync('/tmp', proc)
  try {
    door.configure(['true'], { mounts: [PROC] })
    const { status, stderr } = door.call(['run', '--bundle', door.bundle, 'c1'])
    assert.equal(status, 1)
    assert.match(stderr, /must be mounted on ordinary directory/)
  } finally {
    rmSync(proc)
    mkdirSync(proc)
  }
})

test('--no-pivot leaves no proc that shows more than its own', { skip }, () => {
  const script = 'busybox unshare -mrpf sh -c "busybox mount -t proc none /mnt 2>&1" || echo refused'
  door.configure(
    ['sh', '-c', script],
    { mounts: [PROC], linux: { namespaces: ALL, maskedPaths: ['/proc/sys'] } },
    { capabilities: CAPABLE },
  )
  const { stdout, stderr } = door.call(['run', '--bundle', door.bundle, '--no-pivot', 'c1'])
  assert.match(stdout, /mount: permission denied.*\nrefused\n$/, stderr)
})

const ALL = (['pid', 'network', 'ipc', 'uts', 'mount'] as const).map((type) => ({ type }))
const some = ['CAP_SETFCAP', 'CAP_SETUID', 'CAP_SETGID']
const CAPABLE = { bounding: some, effective: some, permitted: some }
