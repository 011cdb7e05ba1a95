import assert from 'node:assert/strict'
import test from 'node:test'
import { ConfigError } from '../../src/errors.ts'
import { checkProcess, unknownCapabilities } from '../../src/oci/process-semantics.ts'
import type { Config } from '../../src/oci/runtime-spec.ts'
import { checkSemantics, requireProcess } from '../../src/oci/semantics.ts'
import { sysctlPath } from '../../src/oci/sysctl-semantics.ts'
import { validateConfig } from '../../src/oci/validate.ts'
import { richConfig } from './samples.ts'

type Draft = { -readonly [K in keyof Required<Config>]: NonNullable<Config[K]> } & {
  process: Required<NonNullable<Config['process']>>
  linux: Required<NonNullable<Config['linux']>>
}

const without =
  (type: string) =>
  (config: Draft): void => {
    config.linux.namespaces = config.linux.namespaces.filter((namespace) => namespace.type !== type)
  }

/** Each breaks one rule of richConfig, which keeps them all. */
const refusals: [rule: string, at: string, change: (config: Draft) => unknown, message: RegExp][] = [
  ['major version 1', '/ociVersion', (c) => (c.ociVersion = '2.0.0'), /version 1\.x\.y but found "2\.0\.0"/],
  ['SemVer', '/ociVersion', (c) => (c.ociVersion = '1.0'), /version 1\.x\.y/],
  ['root is required', '/root', (c) => delete (c as Config).root, /an object but it is missing/],
  ['root.path is a path', '/root/path', (c) => (c.root.path = ''), /a path but found ""/],
  ['hostname needs uts', '/hostname', without('uts'), /needs/],
  [
    'domainname needs uts',
    '/domainname',
    (c) => {
      without('uts')(c)
      delete (c as Config).hostname
    },
    /type uts/,
  ],
  ['hostname fits the kernel', '/hostname', (c) => (c.hostname = 'h'.repeat(65)), /at most 64 bytes/],
  ['destination is a path', '/mounts/0/destination', (c) => (c.mounts[0]!.destination = ''), /a path/],
  [
    'uidMappings come with gidMappings',
    '/mounts/1/gidMappings',
    (c) => delete c.mounts[1]!.gidMappings,
    /missing/,
  ],
  [
    'gidMappings come with uidMappings',
    '/mounts/1/uidMappings',
    (c) => delete c.mounts[1]!.uidMappings,
    /missing/,
  ],
  [
    'idmap needs something to map with',
    '/mounts/0/options/1',
    (c) => {
      c.mounts = [{ destination: '/a', options: ['bind', 'ridmap'] }]
      without('user')(c)
    },
    /uidMappings, or a user namespace/,
  ],
  ['cwd is absolute', '/process/cwd', (c) => (c.process.cwd = 'tmp'), /an absolute path but found "tmp"/],
  ['args are not empty', '/process/args', (c) => (c.process.args = []), /at least 1 but found an empty list/],
  ['args are there', '/process/args', (c) => delete (c as Config).process!.args, /missing/],
  ['args have no NUL', '/process/args/0', (c) => (c.process.args = ['a\0b']), /without NUL/],
  ['env has names', '/process/env/1', (c) => (c.process.env[1] = '=x'), /NAME=value but found "=x"/],
  ['env has values', '/process/env/0', (c) => (c.process.env[0] = 'PATH'), /NAME=value but found "PATH"/],
  ['env has no NUL', '/process/env/0', (c) => (c.process.env[0] = 'A=\0'), /without NUL/],
  ['-1 is no uid', '/process/user/uid', (c) => (c.process.user.uid = 0xffffffff), /from 0 to 4294967294/],
  [
    '-1 is no group',
    '/process/user/additionalGids/0',
    (c) => (c.process.user.additionalGids = [0xffffffff]),
    /from 0/,
  ],
  ['umask has 9 bits', '/process/user/umask', (c) => (c.process.user.umask = 0o1000), /at most 511/],
  ['rlimits once', '/process/rlimits/1/type', (c) => c.process.rlimits.push(c.process.rlimits[0]!), /once/],
  [
    'soft <= hard',
    '/process/rlimits/0/soft',
    (c) => (c.process.rlimits[0]!.hard = 1),
    /hard limit, 1, but found 1024/,
  ],
  ['oom score', '/process/oomScoreAdj', (c) => (c.process.oomScoreAdj = 1001), /from -1000 to 1000/],
  ['io priority', '/process/ioPriority/priority', (c) => (c.process.ioPriority.priority = 8), /from 0 to 7/],
  ['nice', '/process/scheduler/nice', (c) => (c.process.scheduler.nice = 20), /from -20 to 19/],
  [
    'real time has priority',
    '/process/scheduler/priority',
    (c) => delete c.process.scheduler.priority,
    /from 1 to 99/,
  ],
  [
    'others have none',
    '/process/scheduler/priority',
    (c) => (c.process.scheduler.policy = 'SCHED_IDLE'),
    /^expected 0/,
  ],
  [
    'runtime is for deadline',
    '/process/scheduler/runtime',
    (c) => (c.process.scheduler.runtime = 5),
    /SCHED_FIFO/,
  ],
  ['hook path', '/hooks/createRuntime/0/path', (c) => (c.hooks.createRuntime![0]!.path = 'hook'), /absolute/],
  [
    'namespaces once',
    '/linux/namespaces/7/type',
    (c) => c.linux.namespaces.push({ type: 'pid' }),
    /once but found "pid"/,
  ],
  ['namespace path', '/linux/namespaces/1/path', (c) => (c.linux.namespaces[1]!.path = 'a'), /absolute/],
  ['mappings need user', '/linux/uidMappings', without('user'), /type user/],
  [
    'a mapping has ids',
    '/linux/gidMappings/0/size',
    (c) => (c.linux.gidMappings[0] = map(0, 0, 0)),
    /at least 1/,
  ],
  [
    'a mapping ends',
    '/linux/uidMappings/0/hostID',
    (c) => (c.linux.uidMappings = [map(0, 0xffffffff, 2)]),
    /ends before/,
  ],
  [
    'mappings do not overlap',
    '/linux/uidMappings/1/containerID',
    (c) => (c.linux.uidMappings = [map(0, 1000, 10), map(9, 5000, 1)]),
    /overlaps no earlier/,
  ],
  ['time offsets need time', '/linux/timeOffsets', without('time'), /type time/],
  [
    'nanoseconds',
    '/linux/timeOffsets/boottime/nanosecs',
    (c) => (c.linux.timeOffsets.boottime = { nanosecs: 1e9 }),
    /999999999/,
  ],
  ['device path', '/linux/devices/0/path', (c) => (c.linux.devices[0]!.path = 'dev/fuse'), /absolute/],
  [
    'device numbers',
    '/linux/devices/0/major',
    (c) => delete c.linux.devices[0]!.major,
    /from 0 to 4095 but it is missing/,
  ],
  [
    'device numbers fit',
    '/linux/devices/0/minor',
    (c) => (c.linux.devices[0]!.minor = 1 << 20),
    /from 0 to 1048575/,
  ],
  ['net devices need network', '/linux/netDevices/eth0', without('network'), /type network/],
  [
    'net device name',
    '/linux/netDevices/eth0/name',
    (c) => (c.linux.netDevices.eth0!.name = 'a/b'),
    /interface name/,
  ],
  [
    'net names differ',
    '/linux/netDevices/inside/name',
    (c) => (c.linux.netDevices.inside = {}),
    /no other device/,
  ],
  [
    'host sysctl',
    '/linux/sysctl/kernel.panic',
    (c) => (c.linux.sysctl = { 'kernel.panic': '1' }),
    /of a namespace/,
  ],
  [
    'sysctl of the host namespace',
    '/linux/sysctl/net.core.somaxconn',
    (c) => {
      without('network')(c)
      c.linux.netDevices = {}
      c.linux.sysctl = { 'net.core.somaxconn': '1' }
    },
    /type network/,
  ],
  [
    'sysctl stays inside',
    '/linux/sysctl/net~1..~1kernel',
    (c) => (c.linux.sysctl = { 'net/../kernel': '' }),
    /the name/,
  ],
  ['masked path', '/linux/maskedPaths/0', (c) => (c.linux.maskedPaths[0] = 'proc'), /absolute/],
  ['read-only path', '/linux/readonlyPaths/0', (c) => (c.linux.readonlyPaths[0] = ''), /absolute/],
  [
    'cgroups path',
    '/linux/cgroupsPath',
    (c) => (c.linux.cgroupsPath = '/a/../../b'),
    /below the cgroup root/,
  ],
  [
    'burst <= quota',
    '/linux/resources/cpu/burst',
    (c) => (c.linux.resources.cpu!.quota = 10),
    /the quota, 10,/,
  ],
  [
    'device access',
    '/linux/resources/devices/0/access',
    (c) => (c.linux.resources.devices![0]!.access = 'rx'),
    /r, w and m/,
  ],
  [
    'rdma limits something',
    '/linux/resources/rdma/mlx5_1',
    (c) => (c.linux.resources.rdma = { mlx5_1: {} }),
    /hcaHandles/,
  ],
  [
    'unified names a file',
    '/linux/resources/unified/..~1memory.max',
    (c) => (c.linux.resources.unified = { '../memory.max': '1' }),
    /cgroup file/,
  ],
  [
    'default notify',
    '/linux/seccomp/defaultAction',
    (c) => (c.linux.seccomp.defaultAction = 'SCMP_ACT_NOTIFY'),
    /other/,
  ],
  [
    'errno fits',
    '/linux/seccomp/defaultErrnoRet',
    (c) => (c.linux.seccomp.defaultErrnoRet = 4096),
    /0 to 4095/,
  ],
  [
    'errno only where it has a meaning',
    '/linux/seccomp/syscalls/0/errnoRet',
    (c) => (c.linux.seccomp.syscalls![0]!.errnoRet = 1),
    /nothing with SCMP_ACT_ALLOW but found 1/,
  ],
  [
    'metadata needs a listener',
    '/linux/seccomp/listenerPath',
    (c) => delete c.linux.seccomp.listenerPath,
    /a path/,
  ],
  [
    'write cannot notify',
    '/linux/seccomp/syscalls/1/names/1',
    (c) => c.linux.seccomp.syscalls![1]!.names.push('write'),
    /other than write/,
  ],
  [
    'six arguments',
    '/linux/seccomp/syscalls/0/args/0/index',
    (c) => (c.linux.seccomp.syscalls![0]!.args![0]!.index = 6),
    /from 0 to 5/,
  ],
  [
    'no rounded argument',
    '/linux/seccomp/syscalls/0/args/0/value',
    (c) => (c.linux.seccomp.syscalls![0]!.args![0]!.value = 2 ** 60),
    /cannot be read exactly/,
  ],
]

function map(containerID: number, hostID: number, size: number) {
  return { containerID, hostID, size }
}

test('a config that uses everything is accepted', () => {
  checkSemantics(richConfig)
})

for (const [rule, at, change, message] of refusals) {
  test(`${rule}: ${at}`, () => {
    // Not structuredClone: it would keep what the sample shares shared.
    const config: Draft = JSON.parse(JSON.stringify(richConfig))
    change(config)
    assert.throws(
      () => checkSemantics(config),
      (error: ConfigError) => {
        assert.ok(error instanceof ConfigError, String(error))
        assert.equal(error.at, at)
        assert.match(error.message, /^expected /)
        assert.match(error.message, message)
        return true
      },
    )
  })
}

test('a config without a process can be created but not started', () => {
  const config = validateConfig({ ociVersion: '1.0.2-dev', root: { path: 'rootfs' } })
  checkSemantics(config)
  assert.throws(() => requireProcess(config), { at: '/process' })
})

test('a relative destination is deprecated, not an error', () => {
  checkSemantics({ ociVersion: '1.0.0', root: { path: 'r' }, mounts: [{ destination: 'data' }] })
})

test('the process of exec has pointers of its own', () => {
  assert.throws(() => checkProcess({ cwd: '/', args: [] }, ''), { at: '/args' })
})

test('unknown capabilities are told, not refused', () => {
  const process = { cwd: '/', capabilities: { bounding: ['CAP_KILL', 'CAP_FUTURE'] } }
  const unknown = unknownCapabilities(process, '/process', new Set(['CAP_KILL']))
  assert.deepEqual([...unknown], [['/process/capabilities/bounding/1', 'CAP_FUTURE']])
})

test('the two spellings of a sysctl are one path', () => {
  assert.deepEqual(sysctlPath('net.ipv4.ip_forward'), ['net', 'ipv4', 'ip_forward'])
  assert.deepEqual(sysctlPath('net/ipv4/ip_forward'), ['net', 'ipv4', 'ip_forward'])
  assert.deepEqual(sysctlPath('net/ipv4/conf/eth0.1/forwarding'), [
    'net',
    'ipv4',
    'conf',
    'eth0.1',
    'forwarding',
  ])
  assert.deepEqual(sysctlPath('net.ipv4.conf.eth0/1.forwarding'), [
    'net',
    'ipv4',
    'conf',
    'eth0.1',
    'forwarding',
  ])
  for (const name of ['net', '', '.', 'net..core', '/etc/passwd', 'net.//.x', 'net/./x']) {
    assert.equal(sysctlPath(name), undefined, name)
  }
})
