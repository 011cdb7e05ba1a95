/** Compiled plans in the native executor: what the container then sees. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readHost } from '../../src/linux/host.ts'
import type { Config, NamespaceType } from '../../src/oci/runtime-spec.ts'
import { compilePlan, type PlanInput } from '../../src/plan/compile.ts'
import { leastConfig, type Wishes } from '../plan/plan-inputs.ts'
import {
  childrenOf,
  EXECUTOR,
  encode,
  follow,
  isAlive,
  makeRootfs,
  type Result,
  runPlan,
  scratch,
  skip,
  startPlan,
  until,
} from './run-plan.ts'

const rootfs = skip ? '' : makeRootfs()
const PROC = { destination: '/proc', type: 'proc', source: 'proc' }
const NEW = (types: NamespaceType[]) => types.map((type) => ({ type }))

function containerPlan(program: string | string[], wishes: Wishes = {}, more: Partial<PlanInput> = {}) {
  const given = leastConfig({ mounts: [PROC], ...wishes, root: { path: rootfs } })
  const config: Config = {
    ...given,
    process: {
      cwd: '/',
      env: ['PATH=/bin'],
      ...wishes.process,
      args: typeof program === 'string' ? ['sh', '-c', program] : program,
    },
    linux: { namespaces: NEW(['mount', 'pid']), ...wishes.linux },
  }
  return compilePlan({ config, host: readHost(config, '/'), bundle: '/', ...more })
}
const runContainer = (...args: Parameters<typeof containerPlan>): Result => runPlan(containerPlan(...args))

test('its own root, process 1, nobody else', { skip }, () => {
  const { stdout, stderr } = runContainer('echo $$; ls /; ls /proc | grep -c "^[0-9]"')
  assert.equal(stdout, '1\nbin\ndev\nproc\n3\n', stderr)
})

test('only the standard streams, whatever the caller has open', { skip }, () => {
  const { stdout } = runContainer('ls -l /proc/self/fd')
  const fds = [...stdout.matchAll(/ (\d+) -> (.*)$/gm)].filter(([, , to]) => !/^\/proc\//.test(to!))
  assert.deepEqual(
    fds.map(([, fd]) => fd),
    ['0', '1', '2'],
  )
})

test('signals are as at the start of the world', { skip }, () => {
  const plan = scratch('plan')
  writeFileSync(plan, encode(containerPlan(['grep', '-E', '^Sig(Blk|Ign)', '/proc/self/status'])))
  // The shell's traps make the executor inherit ignored signals.
  const script = `trap '' INT HUP TERM USR1 PIPE; exec ${EXECUTOR} 3 3<${plan}`
  const { stdout, stderr } = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' })
  assert.equal(stdout, 'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n', stderr)
})

/** Somebody else's namespaces to join. */
function holdNamespaces(...flags: string[]): Promise<number> {
  const holder = spawn('unshare', [...flags, 'sh', '-c', 'echo $$ ready; exec sleep 1000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const running = follow(holder)
  return running.said('ready').then(() => childrenOf(running.pid)[0] ?? running.pid)
}

test('a pid namespace by path: the program is a child in it', { skip }, async () => {
  const held = await holdNamespaces('--pid', '--fork', '--kill-child')
  const namespaces = [{ type: 'pid' as const, path: `/proc/${held}/ns/pid` }, { type: 'mount' as const }]
  const script = 'readlink /proc/self/ns/pid; echo $$; exit 5'
  const { code, stdout, stderr } = runContainer(script, { linux: { namespaces } })
  assert.equal(code, 5, stderr)
  const [seen, pid] = stdout.split('\n')
  assert.equal(seen, readlinkSync(`/proc/${held}/ns/pid`))
  assert.ok(Number(pid) > 1 && Number(pid) < 50, pid)
})

test('a user namespace by path: what is made belongs to it', { skip }, async () => {
  const held = await holdNamespaces('--user', '--map-root-user')
  const namespaces = [
    { type: 'user' as const, path: `/proc/${held}/ns/user` },
    ...NEW(['mount', 'pid', 'uts']),
  ]
  const script = 'readlink /proc/self/ns/user; id -u; cat /proc/self/uid_map; cat /proc/sys/kernel/hostname'
  const { stdout, stderr } = runContainer(script, { linux: { namespaces }, hostname: 'inside' })
  const [namespace, user, map, hostname] = stdout.split('\n')
  assert.equal(namespace, readlinkSync(`/proc/${held}/ns/user`), stderr)
  assert.deepEqual([user, map?.split(/\s+/).join(' '), hostname], ['0', ' 0 0 1', 'inside'])
})

for (const [type, file] of [
  ['network', 'net'],
  ['ipc', 'ipc'],
  ['uts', 'uts'],
  ['mount', 'mnt'],
] as const)
  test(`a ${type} namespace by path`, { skip }, async () => {
    const held = await holdNamespaces(`--${type === 'network' ? 'net' : type}`)
    const path = `/proc/${held}/ns/${file}`
    const namespaces = type === 'mount' ? [{ type, path }] : [{ type, path }, ...NEW(['mount', 'pid'])]
    const { stdout, stderr } = runContainer(`readlink /proc/self/ns/${file}`, { linux: { namespaces } })
    assert.equal(stdout, `${readlinkSync(path)}\n`, stderr)
  })

test('clocks that were moved', { skip }, () => {
  const timeOffsets = { boottime: { secs: 1_000_000 } }
  const { stdout, stderr } = runContainer('cat /proc/uptime', {
    linux: { namespaces: NEW(['mount', 'pid', 'time']), timeOffsets },
  })
  const [outside] = readFileSync('/proc/uptime', 'utf8').split(' ')
  const moved = Number(stdout.split(' ')[0]) - Number(outside)
  assert.ok(moved > 999_900 && moved <= 1_000_000, `${moved} ${stderr}`)
})

test('a user namespace of its own', { skip }, () => {
  // The rootfs is not its own to make mount points in.
  for (const name of ['proc', 'dev']) mkdirSync(join(rootfs, name), { recursive: true })
  const map = [{ containerID: 0, hostID: 200_000, size: 1000 }]
  const { stdout, stderr } = runContainer(
    'id -u; id -g; cat /proc/self/uid_map; stat -c "%u %g" /bin/busybox; echo >/dev/null && echo null',
    {
      linux: { namespaces: NEW(['mount', 'pid', 'user']), uidMappings: map, gidMappings: map },
      mounts: [PROC, { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['mode=755'] }],
    },
  )
  // The files belong to nobody inside: only 200000 and up are mapped.
  assert.match(stdout, /^0\n0\n +0 +200000 +1000\n65534 65534\nnull\n$/, stderr)
})

test('an idmapped mount shows mapped owners, and keeps the host’s', { skip }, () => {
  const source = scratch('source')
  mkdirSync(source)
  writeFileSync(join(source, 'file'), '')
  chownSync(join(source, 'file'), 7, 8)
  const map = [{ containerID: 0, hostID: 300_000, size: 1000 }]
  const mount = {
    destination: '/data',
    type: 'bind',
    source,
    options: ['bind', 'idmap'],
    uidMappings: map,
    gidMappings: map,
  }
  const script = 'stat -c "%u %g" /data/file; echo >/data/new; ls -n /data/new'
  const { stdout, stderr } = runContainer(script, { mounts: [PROC, mount] })
  assert.match(stdout, /^300007 300008\n/, stderr)
})

test('tmpcopyup copies files, links, modes and owners', { skip }, () => {
  const folder = join(rootfs, 'var/full')
  mkdirSync(join(folder, 'deep'), { recursive: true })
  writeFileSync(join(folder, 'deep/file'), 'content'.repeat(10_000))
  chownSync(join(folder, 'deep/file'), 3, 4)
  chmodSync(join(folder, 'deep/file'), 0o4750)
  chmodSync(join(folder, 'deep'), 0o1770)
  symlinkSync('deep/file', join(folder, 'link'))
  const tmpfs = { destination: '/var/full', type: 'tmpfs', source: 'tmpfs', options: ['tmpcopyup', 'ro'] }
  const script = `cd /var/full; stat -c "%a %u %g %s" deep/file; stat -c %a deep; readlink link
    (echo >new) 2>/dev/null || echo read-only; grep -c " /var/full tmpfs" /proc/self/mounts`
  const { stdout, stderr } = runContainer(script, { mounts: [PROC, tmpfs] })
  assert.equal(stdout, '4750 3 4 70000\n1770\ndeep/file\nread-only\n1\n', stderr)
})

test('a mount called null does not uncover what is masked', { skip }, () => {
  const source = scratch('volume')
  mkdirSync(source)
  const { stdout, stderr } = runContainer('stat -c "%F %t,%T" /proc/keys', {
    mounts: [PROC, { destination: '/mnt/null', type: 'bind', source, options: ['bind'] }],
    linux: { maskedPaths: ['/proc/keys'] },
  })
  assert.equal(stdout, 'character special file 1,3\n', stderr)
})

test('read-only and masked paths, known and unknown', { skip }, () => {
  mkdirSync(join(rootfs, 'secret'), { recursive: true })
  writeFileSync(join(rootfs, 'secret/inside'), '')
  writeFileSync(join(rootfs, 'secret-file'), 'secret')
  const script =
    'ls /secret; cat /secret-file; (echo >/proc/sys/kernel/domainname) 2>/dev/null || echo read-only; ls -d /proc/acpi'
  const { stdout } = runContainer(script, {
    linux: { maskedPaths: ['/secret', '/secret-file', '/no/such'], readonlyPaths: ['/proc/sys', '/no/such'] },
  })
  assert.match(stdout, /^read-only\n/)
})

test('--init: orphans are reaped, signals passed on, the program’s code kept', { skip }, async () => {
  const script = `trap 'exit 6' TERM; (sleep 0 & ) ; cat /proc/1/comm; echo $PPID ready; while :; do sleep 0.02; done`
  const running = startPlan(containerPlan(script, {}, { init: true }))
  await running.said('1 ready')
  running.process.kill('SIGTERM')
  assert.equal(await running.ended, 6)
})

test('the container ends with its monitor', { skip }, async () => {
  const running = startPlan(containerPlan('echo ready; exec sleep 1000', {}, { dieWithParent: true }))
  await running.said('ready')
  const [container] = childrenOf(running.pid)
  running.process.kill('SIGKILL')
  await running.ended
  await until(() => !isAlive(container!))
})

const MOST_RSS_KB = 200

for (const [name, command] of [
  ['Node', [process.execPath, '--import', 'tsx']],
  ['Bun', [new URL('../../node_modules/.bin/bun', import.meta.url).pathname]],
] as const)
  test(`started by ${name}: a small ELF waits, no JavaScript`, { skip }, async () => {
    const plan = scratch('plan')
    writeFileSync(plan, encode(containerPlan('trap "exit 9" TERM; echo ready; while :; do sleep 0.02; done')))
    const script = new URL('execute-file.ts', import.meta.url).pathname
    const [program, ...flags] = command
    const running = follow(
      spawn(program!, [...flags, script, plan], { stdio: ['ignore', 'pipe', 'inherit'] }),
    )
    await running.said('ready')
    assert.match(readlinkSync(`/proc/${running.pid}/exe`), /^\/memfd:tinyctr /)
    assert.equal(readFileSync(`/proc/${running.pid}/comm`, 'utf8'), 'tinyctr\n')
    assert.equal(readFileSync(`/proc/${running.pid}/status`, 'utf8').match(/^Threads:\t(\d+)/m)?.[1], '1')
    const rss = /^Rss: +(\d+) kB/m.exec(readFileSync(`/proc/${running.pid}/smaps_rollup`, 'utf8'))
    assert.ok(Number(rss?.[1]) <= MOST_RSS_KB, rss?.[0])
    // tsx leaves its compiler behind, which is not JavaScript and not ours.
    const names = childrenOf(running.pid).map((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim())
    assert.deepEqual(
      names.filter((comm) => comm !== 'esbuild'),
      ['sh'],
    )
    running.process.kill('SIGTERM')
    assert.equal(await running.ended, 9)
  })

test('symlinks of an image lead to places inside, and /proc may not be one', { skip }, () => {
  const image = makeRootfs()
  const outside = scratch('outside')
  mkdirSync(outside)
  symlinkSync(outside, join(image, 'absolute'))
  symlinkSync('../../../..', join(image, 'climbing'))
  for (const name of ['proc', 'dev']) mkdirSync(join(image, name))
  mkdirSync(join(image, outside), { recursive: true })
  const source = scratch('source')
  mkdirSync(source)
  writeFileSync(join(source, 'mark'), '')
  const bind = (destination: string) => ({ destination, type: 'bind', source, options: ['bind'] })
  const run = (mounts: Config['mounts']) => {
    const config = leastConfig({
      root: { path: image },
      mounts: [PROC, ...(mounts ?? [])],
      process: { args: ['sh', '-c', `ls ${outside}/deep /new`], env: ['PATH=/bin'] },
      linux: { namespaces: NEW(['mount', 'pid']) },
    })
    return runPlan(compilePlan({ config, host: readHost(config, '/'), bundle: '/' }))
  }
  const { stdout, stderr } = run([bind('/absolute/deep'), bind('/climbing/new')])
  assert.equal(stdout, `/new:\nmark\n\n${outside}/deep:\nmark\n`, stderr)
  assert.deepEqual(readdirSync(outside), [])
  rmdirSync(join(image, 'proc'))
  symlinkSync(outside, join(image, 'proc'))
  assert.match(run([]).stderr, /^step \d+ errno (20|22) container there/)
})
