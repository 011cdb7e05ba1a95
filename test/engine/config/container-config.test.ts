/** The whole config of a container nobody gave a flag, and what each flag changes in it. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { defaultCapabilities } from '../../../src/engine/config/capabilities-flag.ts'
import { CAPABILITIES } from '../../../src/linux/abi/capability.ts'
import { configOf, host, type Setting } from './config-of.ts'

test('a container without flags (UPDATE_GOLDENS=1 writes the golden)', () => {
  const golden = new URL('golden/default-container.json', import.meta.url)
  const image = {
    Env: ['PATH=/usr/bin:/bin', 'LANG=C.UTF-8'],
    Cmd: ['/bin/sh'],
    WorkingDir: '/srv',
    StopSignal: 'SIGQUIT',
    Labels: { 'run.oci.hooks.stderr': '/dev/null' },
  }
  const config = configOf([], { image }, [])
  if (process.env.UPDATE_GOLDENS) writeFileSync(golden, `${JSON.stringify(config, null, 2)}\n`)
  assert.deepEqual(config, JSON.parse(readFileSync(golden, 'utf8')))
})

/** The value at a JSON pointer; undefined where there is none. */
const at = (value: unknown, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value)

const plain = configOf([])
const mountAt = (config: unknown, destination: string) =>
  (config as typeof plain).mounts?.find((mount) => mount.destination === destination)

const cases: [flags: string, pointer: string, value: unknown, setting?: Setting][] = [
  ['-h web', '/hostname', 'web'],
  ['-h web', '/process/env/1', 'HOSTNAME=web'],
  ['--domainname example.org', '/domainname', 'example.org'],
  ['--uts host', '/hostname', undefined],
  ['--uts host', '/process/env/1', 'HOSTNAME=host'],
  ['--network host', '/hostname', 'host'],
  ['--network host', '/linux/sysctl', {}],
  ['--network host', '/linux/namespaces', namespaces('mount uts pid ipc cgroup')],
  ['--net none', '/linux/namespaces', namespaces('mount network uts pid ipc cgroup')],
  ['--pid host', '/linux/namespaces', namespaces('mount network uts ipc cgroup')],
  ['--ipc host', '/linux/namespaces', namespaces('mount network uts pid cgroup')],
  ['--uts host', '/linux/namespaces', namespaces('mount network pid ipc cgroup')],
  ['--cgroupns host', '/linux/namespaces', namespaces('mount network uts pid ipc')],
  ['-t', '/process/terminal', true],
  ['-t', '/process/consoleSize', { height: 24, width: 80 }],
  ['-t', '/process/env/2', 'TERM=xterm'],
  ['-w /a/../b', '/process/cwd', '/b'],
  ['', '/process/cwd', '/srv', { image: { WorkingDir: 'srv/' } }],
  ['-u 1000:1000', '/process/user', { uid: 1000, gid: 1000, additionalGids: [1000] }],
  ['', '/process/user', { uid: 7, gid: 8, additionalGids: [8] }, { image: { User: '7:8' } }],
  ['--group-add 5 -u 1', '/process/user/uid', 1],
  ['--read-only', '/root', { path: 'rootfs', readonly: true }],
  ['--entrypoint /x', '/process/args', ['/x', 'sh'], { image: { Entrypoint: ['/e'], Cmd: ['c'] } }],
  ['--entrypoint=', '/process/args', ['sh'], { image: { Entrypoint: ['/e'], Cmd: ['c'] } }],
  ['', '/process/args', ['/e', 'sh'], { image: { Entrypoint: ['/e'], Cmd: ['c'] } }],
  // Process 1 is the plan's business: the config is the same.
  ['--init', '/process/args', ['sh']],
  ['--cap-add net_admin', '/process/capabilities/bounding', [...defaultCapabilities, 'CAP_NET_ADMIN']],
  ['--cap-drop CAP_CHOWN', '/process/capabilities/effective', defaultCapabilities.slice(1)],
  ['--cap-drop all', '/process/capabilities/permitted', []],
  ['--cap-drop ALL --cap-add kill', '/process/capabilities/bounding', ['CAP_KILL']],
  [
    '--cap-add ALL --cap-drop KILL',
    '/process/capabilities/bounding',
    CAPABILITIES.filter((c) => c !== 'CAP_KILL'),
  ],
  ['--cap-add ALL', '/process/capabilities/inheritable', undefined],
  ['--privileged', '/process/capabilities/bounding', [...CAPABILITIES]],
  [
    '--privileged',
    '/process/capabilities/bounding',
    CAPABILITIES.slice(0, 38),
    { host: { lastCapability: 37 } },
  ],
  ['--privileged', '/linux/maskedPaths', undefined],
  ['--privileged', '/linux/readonlyPaths', undefined],
  ['--privileged', '/linux/seccomp', undefined],
  ['--privileged', '/linux/devices', host.allDevices],
  ['--privileged', '/linux/resources/devices', [{ allow: true, access: 'rwm' }]],
  ['--security-opt no-new-privileges', '/process/noNewPrivileges', true],
  ['--security-opt no-new-privileges:true', '/process/noNewPrivileges', true],
  ['--security-opt no-new-privileges=false', '/process/noNewPrivileges', false],
  ['--security-opt apparmor=mine', '/process/apparmorProfile', 'mine'],
  ['--security-opt apparmor=unconfined', '/process/apparmorProfile', undefined],
  ['--security-opt label=disable', '/process/selinuxLabel', undefined],
  ['--security-opt systempaths=unconfined', '/linux/maskedPaths', undefined],
  ['--security-opt seccomp=unconfined', '/linux/seccomp', undefined],
  ['', '/linux/seccomp/listenerMetadata', '"default" with 14 capabilities'],
  ['--security-opt seccomp=builtin', '/linux/seccomp/listenerMetadata', '"default" with 14 capabilities'],
  [
    '--privileged --security-opt seccomp=p.json',
    '/linux/seccomp/listenerMetadata',
    '{"a":1} with 41 capabilities',
    { around: { files: new Map([['p.json', '{"a":1}']]) } },
  ],
  ['--sysctl net.core.somaxconn=9', '/linux/sysctl/net.core.somaxconn', '9'],
  ['--sysctl net.ipv4.ping_group_range=0', '/linux/sysctl/net.ipv4.ping_group_range', '0'],
  ['--ulimit nofile=1:2', '/process/rlimits', [{ type: 'RLIMIT_NOFILE', soft: 1, hard: 2 }]],
  ['--oom-score-adj -5', '/process/oomScoreAdj', -5],
  ['-m 64m', '/linux/resources/memory', { limit: 67108864, swap: 134217728 }],
  ['-m 64m --memory-swap -1', '/linux/resources/memory', { limit: 67108864, swap: -1 }],
  ['-m 64m --memory-swap 64m', '/linux/resources/memory', { limit: 67108864, swap: 67108864 }],
  [
    '-m 64m --memory-reservation 32m',
    '/linux/resources/memory',
    { limit: 67108864, reservation: 33554432, swap: 134217728 },
  ],
  ['--cpus 1.5', '/linux/resources/cpu', { period: 100000, quota: 150000 }],
  ['--cpus .01', '/linux/resources/cpu', { period: 100000, quota: 1000 }],
  ['--cpu-period 50000 --cpu-quota 25000', '/linux/resources/cpu', { period: 50000, quota: 25000 }],
  ['-c 512', '/linux/resources/cpu', { shares: 512 }],
  ['--cpuset-cpus 0-1,3 --cpuset-mems 0', '/linux/resources/cpu', { cpus: '0-1,3', mems: '0' }],
  ['--pids-limit 10', '/linux/resources/pids', { limit: 10 }],
  ['--pids-limit 0', '/linux/resources/pids', { limit: -1 }],
  ['--pids-limit -1', '/linux/resources/pids', { limit: -1 }],
  ['--blkio-weight 300', '/linux/resources/blockIO', { weight: 300 }],
  [
    '--device-read-bps /dev/sda:1mb --device-write-iops /dev/sda:100',
    '/linux/resources/blockIO',
    {
      throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1048576 }],
      throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 100 }],
    },
    { host: { devicesAt: new Map([['/dev/sda', [{ type: 'b', path: '/dev/sda', major: 8, minor: 0 }]]]) } },
  ],
  [
    '--device /dev/fuse:/dev/f:r',
    '/linux/devices',
    [{ type: 'c', path: '/dev/f', major: 10, minor: 229, fileMode: 0o666 }],
    fuse(),
  ],
  [
    '--device /dev/fuse:r',
    '/linux/resources/devices/7',
    { allow: true, type: 'c', major: 10, minor: 229, access: 'r' },
    fuse(),
  ],
  ['--stop-signal KILL', '/annotations', { 'org.opencontainers.image.stopSignal': 'KILL' }],
  ['-l a=1 --annotation b=2', '/annotations', { a: '1', b: '2' }],
  ['', '/annotations', {}, { image: { Labels: { evil: '1' } } }],
  ['-v /a:/b --mount type=bind,src=/c,dst=/d/e/f', '/linux/rootfsPropagation', undefined],
  ['-v /a:/b:rshared', '/linux/rootfsPropagation', 'shared'],
  ['-v /a:/b:slave', '/linux/rootfsPropagation', 'rslave'],
  ['', '/linux/maskedPaths/12', '/sys/x', { host: { thermalThrottlePaths: ['/sys/x'] } }],
]
for (const [flags, pointer, value, setting] of cases) {
  test(`${flags || '(no flags)'} -> ${pointer}`, () => {
    assert.deepEqual(at(configOf(flags === '' ? [] : flags.split(' '), setting), pointer), value)
  })
}

function namespaces(types: string) {
  return types.split(' ').map((type) => ({ type }))
}

function fuse(): Setting {
  const device = { type: 'c' as const, path: '/dev/fuse', major: 10, minor: 229, fileMode: 0o666 }
  return { host: { devicesAt: new Map([['/dev/fuse', [device]]]) } }
}

const mounts: [flags: string, destination: string, mount: object | undefined][] = [
  ['-v /a:/b', '/b', { destination: '/b', type: 'bind', source: '/a', options: ['rbind', 'rprivate'] }],
  [
    '-v /a:/b:ro',
    '/b',
    { destination: '/b', type: 'bind', source: '/a', options: ['rbind', 'rro', 'rprivate'] },
  ],
  [
    '-v ./a:/b',
    '/b',
    { destination: '/b', type: 'bind', source: '/work/./a', options: ['rbind', 'rprivate'] },
  ],
  [
    '--mount type=bind,src=/a,dst=/b,ro,bind-nonrecursive',
    '/b',
    { destination: '/b', type: 'bind', source: '/a', options: ['bind', 'ro', 'rprivate'] },
  ],
  [
    '--tmpfs /run:size=1m',
    '/run',
    {
      destination: '/run',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['noexec', 'nosuid', 'nodev', 'rprivate', 'size=1m'],
    },
  ],
  [
    '--shm-size 1m',
    '/dev/shm',
    {
      destination: '/dev/shm',
      type: 'tmpfs',
      source: 'shm',
      options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=1048576'],
    },
  ],
  ['--ipc none', '/dev/shm', undefined],
  [
    '--ipc host',
    '/dev/shm',
    { destination: '/dev/shm', type: 'bind', source: '/dev/shm', options: ['rbind', 'rprivate'] },
  ],
  ['-v /d:/dev', '/dev/pts', undefined],
  [
    '-v /h:/etc/hosts',
    '/etc/hosts',
    { destination: '/etc/hosts', type: 'bind', source: '/h', options: ['rbind', 'rprivate'] },
  ],
  [
    '--read-only',
    '/etc/hosts',
    { destination: '/etc/hosts', type: 'bind', source: '/c/hosts', options: ['bind', 'ro'] },
  ],
  [
    '--privileged',
    '/sys',
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev'] },
  ],
  [
    '--privileged',
    '/sys/fs/cgroup',
    {
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      source: 'cgroup',
      options: ['nosuid', 'noexec', 'nodev'],
    },
  ],
]
for (const [flags, destination, mount] of mounts) {
  test(`${flags} mounts ${destination}`, () => {
    assert.deepEqual(mountAt(configOf(flags.split(' ')), destination), mount)
  })
}

test('folders are mounted before what is in them, Docker’s own first', () => {
  const { mounts: made = [] } = configOf(['-v', '/a:/x/y', '-v', '/b:/x', '--tmpfs', '/x/y/z'])
  assert.deepEqual(
    made.slice(7).map(({ destination }) => destination),
    ['/x', '/x/y', '/etc/resolv.conf', '/etc/hostname', '/etc/hosts', '/x/y/z'],
  )
})

test('a user namespace: its maps, and the host’s mounts where it may make none', () => {
  const one = [{ containerID: 0, hostID: 1000, size: 1 }]
  const rootless = { host: { rootless: true, idMappings: { uid: one, gid: one } } }
  const config = configOf([], rootless)
  assert.deepEqual(config.linux?.namespaces?.at(-1), { type: 'user' })
  assert.deepEqual(config.linux?.uidMappings, one)
  assert.deepEqual(config.linux?.sysctl, { 'net.ipv4.ip_unprivileged_port_start': '0' })
  assert.ok(!mountAt(config, '/dev/pts')?.options?.includes('gid=5'))
  assert.deepEqual(mountAt(configOf(['--network', 'host'], rootless), '/sys'), {
    destination: '/sys',
    type: 'bind',
    source: '/sys',
    options: ['rbind', 'nosuid', 'noexec', 'nodev', 'ro', 'rprivate'],
  })
  assert.equal(mountAt(configOf(['--pid', 'host'], rootless), '/proc')?.type, 'bind')
  assert.throws(() => configOf(['--userns', 'host'], rootless), { name: 'ConfigError', at: '--userns' })
  assert.throws(() => configOf(['--userns', 'private']), { name: 'ConfigError', at: '--userns' })
})

const refused: [flags: string, at: string, message: string | RegExp, setting?: Setting][] = [
  ['--cpus 5', '--cpus', 'Range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available'],
  ['--device /dev/none', '--device', /not a device node$/],
  ['--device-read-bps /dev/none:1', '--device-read-bps', 'Cannot limit /dev/none: it is not a block device'],
  ['--cap-add BPF', '--cap-add', /this kernel does not have it$/, { host: { lastCapability: 37 } }],
  ['', '/config/StopSignal', 'invalid signal: NOPE', { image: { StopSignal: 'NOPE' } }],
  ['', '/config/Env/1', 'expected text without a NUL byte', { image: { Env: ['A=1', 'B=\0'] } }],
]
for (const [flags, place, message, setting] of refused) {
  test(`refuses ${flags || place}`, () => {
    assert.throws(() => configOf(flags === '' ? [] : flags.split(' '), setting), {
      name: 'ConfigError',
      at: place,
      message,
    })
  })
}

test('nothing to run', () => {
  assert.throws(() => configOf([], {}, []), { name: 'ConfigError', message: 'no command specified' })
  assert.throws(() => configOf(['--entrypoint='], { image: { Cmd: ['x'] } }, []), {
    message: 'no command specified',
  })
})
