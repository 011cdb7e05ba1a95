/**
 * `checkpoint` and `restore`: with CRIU where it works on this kernel, where not that its failure is told and costs the
 * container nothing; and everywhere what CRIU is asked, written down by a program in its place.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import type { Config } from '../../src/oci/runtime-spec.ts'
import { runtimeDoorForTests, skip, until } from './runtime-door.ts'

const door = runtimeDoorForTests()
const criuWorks = !skip && spawnSync('criu', ['check']).status === 0
const criuIsThere = !skip && spawnSync('criu', ['--version']).status === 0

const COUNT = 'i=0; while true; do i=$((i+1)); echo $i >/tmp/count; sleep 0.1; done'
const count = (): number => Number(readFileSync(join(door.bundle, 'rootfs/tmp/count'), 'utf8') || 0)
const images = (): string => join(door.folder, 'images')

const NAMESPACES = (['pid', 'mount', 'ipc', 'uts'] as const).map((type) => ({ type }))

function counting(linux: Config['linux'] = {}): void {
  door.configure(['sh', '-c', COUNT], { linux: { namespaces: NAMESPACES, ...linux } })
  door.quietly('run', '--detach', '--bundle', door.bundle, 'c1')
}

test('a container goes on where it was', {
  skip: skip || (!criuWorks && 'needs a CRIU that knows this kernel'),
}, async () => {
  counting()
  await until(() => count() > 5)
  door.quietly('checkpoint', '--image-path', images(), 'c1')
  assert.equal(door.status('c1'), 'none')
  const before = count()
  door.quietly('restore', '--detach', '--image-path', images(), '--bundle', door.bundle, 'c1')
  assert.equal(door.status('c1'), 'running')
  await until(() => count() > before + 5)
  assert.ok(count() < before + 1000)
  door.quietly('delete', '--force', 'c1')
})

test('where CRIU fails, it is told why, and the container goes on', {
  skip: skip || (criuWorks ? 'CRIU works here' : !criuIsThere && 'needs criu'),
}, async () => {
  counting()
  const { status, stderr } = door.call(['checkpoint', '--image-path', images(), 'c1'])
  assert.equal(status, 1)
  assert.match(
    stderr,
    /^tinyctr: Cannot checkpoint container c1: criu failed with exit code 1: Error \(criu\//,
  )
  assert.match(stderr, /log file: .*\/images\/dump\.log\n$/)
  assert.equal(door.status('c1'), 'running')
  const before = count()
  await until(() => count() > before)
  door.quietly('delete', '--force', 'c1')
  const restored = door.call(['restore', '--detach', '--image-path', images(), '--bundle', door.bundle, 'c1'])
  assert.equal(restored.status, 1)
  assert.match(restored.stderr, /^tinyctr: Cannot restore container c1: criu failed/)
  assert.deepEqual(door.leftovers(), [])
})

/** Writes down what it is asked; `restore` starts a process, as CRIU would. */
const RECORDER = `#!/bin/sh
echo "$@" >"$(dirname "$0")/asked"
cat /proc/self/cgroup >"$(dirname "$0")/cgroup"
[ "$1" = restore ] || exit 0
while [ $# -gt 0 ]; do
  [ "$1" != --pidfile ] || pidfile=$2
  shift
done
sleep 1000 >/dev/null 2>&1 &
printf %s $! >"$pidfile"
`

function withRecorder(...args: string[]): { status: number | null; stderr: string; asked: string } {
  const folder = join(door.folder, 'bin')
  const asked = join(folder, 'asked')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'criu'), RECORDER)
  chmodSync(join(folder, 'criu'), 0o755)
  writeFileSync(asked, '')
  const { status, stderr } = door.call(args, { env: { PATH: `${folder}:${process.env.PATH}` } })
  return { status, stderr, asked: readFileSync(asked, 'utf8').trim() }
}

test('what CRIU is asked to save', { skip }, () => {
  counting({
    maskedPaths: ['/proc/keys', '/proc/scsi', '/proc/nothing'],
    cgroupsPath: `/${basename(door.folder)}/saved`,
  })
  const { pid } = JSON.parse(door.call(['state', 'c1']).stdout)
  mkdirSync(join(images(), 'before'), { recursive: true })
  const all = withRecorder(
    ...['checkpoint', '--image-path', images(), '--work-path', join(door.folder, 'work')],
    ...[
      '--leave-running',
      '--tcp-established',
      '--ext-unix-sk',
      '--shell-job',
      '--file-locks',
      '--auto-dedup',
    ],
    ...[
      '--lazy-pages',
      '--page-server',
      '[::1]:1234',
      '--parent-path',
      'before',
      '--manage-cgroups-mode',
      'full',
    ],
    ...['--empty-ns', 'network', 'c1'],
  )
  assert.deepEqual({ status: all.status, stderr: all.stderr }, { status: 0, stderr: '' })
  assert.equal(
    all.asked.replace(/ --config \S+/, '').replace(/ --freeze-cgroup \S+/, ''),
    `dump --tree ${pid} --root ${door.bundle}/rootfs --images-dir ${images()} --work-dir ${door.folder}/work ` +
      '--log-file dump.log -v4 --manage-cgroups=full --tcp-established --ext-unix-sk --shell-job --file-locks ' +
      '--lazy-pages --auto-dedup --empty-ns net --leave-running --prev-images-dir before --track-mem ' +
      '--page-server --address ::1 --port 1234 --external mnt[/proc/keys]:/dev/null',
  )
  assert.equal(JSON.parse(readFileSync(join(images(), 'descriptors.json'), 'utf8')).length, 3)
  const pre = withRecorder('checkpoint', '--image-path', images(), '--pre-dump', 'c1')
  assert.match(pre.asked, new RegExp(`^pre-dump --tree ${pid} .* --track-mem$`))
  assert.equal(door.status('c1'), 'running')
  assert.equal(withRecorder('checkpoint', '--image-path', images(), 'c1').status, 0)
  assert.equal(door.status('c1'), 'none')
})

test('what CRIU is asked to restore, in the cgroup of the container', { skip }, () => {
  const data = join(door.folder, 'data')
  for (const folder of [data, images()]) mkdirSync(folder, { recursive: true })
  writeFileSync(join(images(), 'descriptors.json'), '["/dev/null","pipe:[77]","/dev/null"]')
  door.configure(['sleep', '1000'], {
    mounts: [{ destination: '/new/data', type: 'bind', source: data, options: ['rbind'] }],
    linux: {
      namespaces: [...NAMESPACES, { type: 'network', path: '/proc/self/ns/net' }],
      maskedPaths: ['/proc/keys'],
    },
  })
  const pidFile = join(door.folder, 'pid')
  const { asked, status, stderr } = withRecorder(
    ...['restore', '--detach', '--image-path', images(), '--bundle', door.bundle, '--pid-file', pidFile],
    ...['--tcp-established', '--no-pivot', '--lsm-profile', 'apparmor:x', 'c2'],
  )
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
  const folder = join(door.root, 'c2')
  assert.equal(
    asked.replace(/ --config \S+/, '').replace(/ --cgroup-root \S+/, ''),
    `restore --restore-detached --restore-sibling --pidfile ${folder}/criu.pid --root ${folder}/criu-root ` +
      `--images-dir ${images()} --log-file restore.log -v4 --manage-cgroups=soft --tcp-established ` +
      '--inherit-fd fd[3]:extRootNetNS --inherit-fd fd[1]:pipe:[77] ' +
      `--external mnt[/new/data]:${data} --external mnt[/dev/null]:/dev/null --evasive-devices ` +
      '--lsm-profile apparmor:x',
  )
  assert.ok(existsSync(join(door.bundle, 'rootfs/new/data')), 'the mount point is made')
  const { pid } = JSON.parse(door.call(['state', 'c2']).stdout)
  assert.equal(readFileSync(pidFile, 'utf8'), String(pid))
  assert.equal(door.status('c2'), 'running')
  assert.match(
    readFileSync(join(door.folder, 'bin/cgroup'), 'utf8'),
    new RegExp(`${basename(door.folder)}/one$`, 'm'),
  )
  assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), /criu-root/)
  door.quietly('delete', '--force', 'c2')
})

test('states and flags that cannot be, in runc’s words', { skip }, () => {
  door.configure(['sleep', '1000'])
  door.create('c3')
  const said = (...args: string[]): string => withRecorder(...args).stderr
  assert.match(said('checkpoint', 'c3'), /Container cannot be checkpointed in created state/)
  door.quietly('start', 'c3')
  const here = ['checkpoint', '--image-path', images()]
  assert.match(said(...here, '--parent-path', '/abs', 'c3'), /--parent-path must be relative/)
  assert.match(said(...here, '--parent-path', 'none', 'c3'), /invalid --parent-path: /)
  assert.match(
    said(...here, '--page-server', 'here', 'c3'),
    /Use --page-server ADDRESS:PORT to specify page server/,
  )
  assert.match(said(...here, '--page-server', 'here:x', 'c3'), /Invalid port number/)
  assert.match(
    said('restore', '--image-path', images(), '--bundle', door.bundle, 'c3'),
    /container with id exists: c3/,
  )
  assert.match(door.call([...here, 'c3'], { env: { PATH: '/nowhere' } }).stderr, /criu is not installed/)
  door.quietly('delete', '--force', 'c3')
})
