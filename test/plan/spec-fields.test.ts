/**
 * Every property of config.json that the specification's schema has: it changes the plan, or it is refused, or it stands
 * below with the reason why it is nothing to a plan. A property that a new schema brings fails here until it is one of them.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configShape } from '../../src/oci/generated/runtime-spec-shapes.ts'
import type { Config } from '../../src/oci/runtime-spec.ts'
import type { Shape } from '../../src/oci/shape.ts'
import { validateConfig } from '../../src/oci/validate.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { compileExec } from '../../src/plan/compile-exec.ts'
import type { Host } from '../../src/plan/host.ts'
import { printPlan } from '../../src/plan/print.ts'
import { HOST } from './plan-inputs.ts'

const NOTHING_TO_A_PLAN: Readonly<Record<string, string>> = {
  ociVersion: 'checked (oci/semantics.ts)',
  'linux.resources.memory.checkBeforeUpdate': 'of `update` (runtime/update.ts)',
  'linux.resources.memory.useHierarchy': 'of cgroup v1; in v2 always so',
}

/** What cannot be, each with a value that asks for it. */
const REFUSED: Readonly<Record<string, unknown>> = {
  'linux.personality.flags': ['ADDR_NO_RANDOMIZE'],
  'linux.resources.blockIO.leafWeight': 10,
  'linux.resources.blockIO.weightDevice[].leafWeight': 10,
  'linux.resources.cpu.realtimePeriod': 1000,
  'linux.resources.cpu.realtimeRuntime': 1000,
  'linux.resources.memory.disableOOMKiller': true,
  'linux.resources.memory.kernel': 1024,
  'linux.resources.memory.kernelTCP': 1024,
  'linux.resources.memory.swappiness': 10,
  'linux.resources.network.classID': 1,
  'linux.resources.network.priorities': [{ name: 'eth0', priority: 1 }],
}

const IDS = [{ containerID: 0, hostID: 100_000, size: 65_536 }]
const SET = ['CAP_KILL']
const hook = (name: string) => [{ path: `/bin/${name}`, args: [name], env: ['HOOK=b'], timeout: 5 }]
const rate = [{ major: 8, minor: 16, rate: 600 }]

const FULL: Config = {
  ociVersion: '1.3.0',
  hostname: 'box',
  domainname: 'example.org',
  annotations: { key: 'value' },
  root: { path: 'rootfs', readonly: true },
  hooks: {
    prestart: hook('prestart'),
    createRuntime: hook('createRuntime'),
    createContainer: hook('createContainer'),
    startContainer: hook('startContainer'),
    poststart: hook('poststart'),
    poststop: hook('poststop'),
  },
  mounts: [
    { destination: '/proc', type: 'proc', source: 'proc' },
    { destination: '/dev', type: 'tmpfs', source: 'dev', options: ['mode=755'] },
    { destination: '/dev/pts', type: 'devpts', source: 'devpts' },
    {
      destination: '/a',
      type: 'bind',
      source: '/srv',
      options: ['rbind', 'idmap'],
      uidMappings: IDS,
      gidMappings: IDS,
    },
  ],
  process: {
    terminal: true,
    consoleSize: { height: 24, width: 80 },
    cwd: '/tmp',
    args: ['/bin/sh'],
    env: ['A=b'],
    user: { uid: 1, gid: 2, umask: 0o77, additionalGids: [5] },
    capabilities: { bounding: SET, effective: SET, inheritable: SET, permitted: SET, ambient: SET },
    rlimits: [{ type: 'RLIMIT_CORE', soft: 1, hard: 2 }],
    noNewPrivileges: true,
    oomScoreAdj: -500,
    apparmorProfile: 'profile',
    selinuxLabel: 'a:b:c',
    ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 4 },
    scheduler: {
      policy: 'SCHED_DEADLINE',
      nice: 1,
      priority: 2,
      flags: ['SCHED_FLAG_RECLAIM'],
      runtime: 1,
      deadline: 2,
      period: 3,
    },
    execCPUAffinity: { initial: '0', final: '1' },
  },
  linux: {
    namespaces: [
      { type: 'mount' },
      { type: 'uts' },
      { type: 'time' },
      { type: 'user' },
      { type: 'network' },
      { type: 'ipc', path: '/proc/1/ns/ipc' },
    ],
    uidMappings: IDS,
    gidMappings: IDS,
    timeOffsets: { boottime: { secs: -5, nanosecs: 3 }, monotonic: { secs: 5, nanosecs: 4 } },
    devices: [{ type: 'c', path: '/dev/fuse', major: 10, minor: 229, fileMode: 0o600, uid: 3, gid: 4 }],
    netDevices: { eth0: { name: 'inside' } },
    sysctl: { 'net.ipv4.ip_forward': '1' },
    maskedPaths: ['/proc/kcore'],
    readonlyPaths: ['/proc/sys'],
    cgroupsPath: '/tinyctr/box',
    rootfsPropagation: 'rshared',
    mountLabel: 'a:b:d',
    personality: { domain: 'LINUX32' },
    memoryPolicy: { mode: 'MPOL_BIND', nodes: '0', flags: ['MPOL_F_STATIC_NODES'] },
    intelRdt: {
      closID: 'a',
      l3CacheSchema: 'L3:0=f',
      memBwSchema: 'MB:0=20',
      schemata: ['L2:0=f'],
      enableMonitoring: true,
    },
    resources: {
      unified: { 'memory.high': '1000' },
      devices: [{ allow: true, type: 'c', major: 10, minor: 229, access: 'r' }],
      memory: { limit: 1 << 29, swap: 1 << 30, reservation: 1 << 28 },
      cpu: { shares: 512, quota: 1000, burst: 10, period: 5000, cpus: '0-1', mems: '0', idle: 1 },
      pids: { limit: 100 },
      hugepageLimits: [{ pageSize: '2MB', limit: 4 }],
      rdma: { mlx5_1: { hcaHandles: 3, hcaObjects: 4 } },
      blockIO: {
        weight: 20,
        weightDevice: [{ major: 8, minor: 16, weight: 500 }],
        throttleReadBpsDevice: rate,
        throttleWriteBpsDevice: rate,
        throttleReadIOPSDevice: rate,
        throttleWriteIOPSDevice: rate,
      },
    },
    seccomp: {
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 38,
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      listenerPath: '/run/agent.sock',
      listenerMetadata: 'x',
      syscalls: [
        { names: ['bpf'], action: 'SCMP_ACT_ERRNO', errnoRet: 7 },
        { names: ['mount'], action: 'SCMP_ACT_NOTIFY' },
        {
          names: ['clone'],
          action: 'SCMP_ACT_ALLOW',
          args: [{ index: 1, value: 5, valueTwo: 1, op: 'SCMP_CMP_MASKED_EQ' }],
        },
      ],
    },
  },
}

const host: Host = {
  ...HOST,
  securityModules: ['selinux', 'apparmor'],
  resctrl: { mount: '/sys/fs/resctrl', groups: {} },
  netDevices: { eth0: { index: 12, addresses: [] } },
}

/** The plan of the container and of an exec in it, byte for byte; or why there is none. */
function outcome(config: Config): string {
  const hookState = {
    ociVersion: '1.3.0',
    id: 'box',
    bundle: '/bundle',
    ...(config.annotations ? { annotations: config.annotations } : {}),
  }
  try {
    validateConfig(config)
    const plan = compilePlan({ config, host, bundle: '/bundle', hookState })
    const listenerState = { state: hookState, status: 'running' as const, containerPid: 5 }
    const exec = compileExec({ config, host, pidfd: 9, namespaces: [], listenerState })
    return `${printPlan(plan)}${printPlan(exec)}${JSON.stringify([plan, exec], bytesToo)}`
  } catch (error) {
    assert.equal((error as Error).name, 'ConfigError', String(error))
    return `refused: ${(error as Error).message}`
  }
}

const bytesToo = (_: string, value: unknown): unknown =>
  value instanceof Uint8Array
    ? Buffer.from(value).toString('hex')
    : typeof value === 'bigint'
      ? String(value)
      : value

/** `linux.devices[].path` for each property that is no record or list of records itself. */
function leaves(shape: Shape, path = ''): string[] {
  if (shape.kind === 'record')
    return Object.entries(shape.members).flatMap(([name, member]) =>
      leaves(member, path === '' ? name : `${path}.${name}`),
    )
  if (shape.kind === 'list' && shape.items.kind === 'record') return leaves(shape.items, `${path}[]`)
  if (shape.kind === 'map' && shape.values.kind === 'record') return leaves(shape.values, `${path}{}`)
  return [path]
}

type Json = Record<string, unknown>

/** The records that a path goes to, without its last name. */
function holders(root: unknown, names: readonly string[]): Json[] {
  let found: Json[] = [root as Json]
  for (const name of names.slice(0, -1)) {
    const plain = name.replace(/\[\]|\{\}/, '')
    found = found.flatMap((one) => {
      const inner = one[plain]
      if (inner === undefined) return []
      return name.endsWith('[]') || name.endsWith('{}')
        ? Object.values(inner as Record<string, Json>)
        : [inner as Json]
    })
  }
  return found
}

/** With ids of the host's own devices are made, not bound. */
const PLAIN: Config = {
  ...FULL,
  linux: { ...FULL.linux, namespaces: [{ type: 'mount' }, { type: 'uts' }, { type: 'network' }] },
}

const isListed = (path: string): boolean =>
  path in NOTHING_TO_A_PLAN || Object.keys(REFUSED).some((one) => path === one || path.startsWith(`${one}[]`))

/** Whether the plan is another one without one of the places where the property stands. */
function counts(config: Config, path: string): boolean {
  const names = path.split('.')
  const last = names.at(-1) as string
  const whole = outcome(config)
  return holders(config, names).some((one, i) => {
    if (!(last in one)) return false
    const without = structuredClone(config)
    delete (holders(without, names)[i] as Json)[last]
    return outcome(without) !== whole
  })
}

test('every property of the schema changes the plan, is refused, or is nothing to a plan for a reason', () => {
  for (const config of [FULL, PLAIN]) assert.doesNotMatch(outcome(config), /^refused/)
  const silent = leaves(configShape).filter(
    (path) => !isListed(path) && !counts(FULL, path) && !counts(PLAIN, path),
  )
  assert.deepEqual(silent, [])
})

test('what is refused is refused', () => {
  const known = leaves(configShape)
  for (const [path, value] of Object.entries(REFUSED)) {
    assert.ok(
      known.some((one) => one === path || one.startsWith(`${path}[]`)),
      `${path} is of the schema`,
    )
    const asked = structuredClone(FULL)
    const names = path.split('.')
    const { resources } = asked.linux as { resources: Json }
    resources.network ??= {}
    for (const one of holders(asked, names)) one[names.at(-1) as string] = value
    assert.match(outcome(asked), /^refused: expected (none|no|false)/, path)
  }
})

test('the reasons are of properties that there are', () => {
  const known = leaves(configShape)
  for (const path of Object.keys(NOTHING_TO_A_PLAN)) assert.ok(known.includes(path), path)
})
