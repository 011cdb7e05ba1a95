/** `linux.resources` in the words of cgroup v2. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../src/errors.ts'
import type { Resources } from '../../src/oci/runtime-spec.ts'
import { cgroupFolder, cgroupSteps } from '../../src/plan/cgroup.ts'
import { resourceFiles, weightOfShares } from '../../src/plan/cgroup-resources.ts'
import { HOST, leastConfig } from './plan-inputs.ts'

/** FILE=TEXT, in order. */
const filesOf = (resources: Resources): string[] =>
  resourceFiles(leastConfig({ linux: { resources } })).map(({ file, text }) => `${file}=${text}`)

const refused = (at: string, make: () => unknown, fact = /./) =>
  assert.throws(make, (error: unknown) => {
    assert.ok(error instanceof ConfigError, `${error}`)
    assert.equal(error.at, at)
    assert.match(error.message, fact)
    return true
  })

test('shares to weight as runc 1.3.2 and crun 1.23 have it: ends, default, and no step down', () => {
  const table = [
    [2, 1],
    [3, 2],
    [10, 4],
    [100, 17],
    [512, 59],
    [1024, 100],
    [2048, 174],
    [4096, 303],
    [262143, 10000],
    [262144, 10000],
  ] as const
  for (const [shares, weight] of table) assert.equal(weightOfShares(shares), weight, `${shares}`)
  for (let shares = 2, last = 0; shares <= 262144; shares += 7) {
    const weight = weightOfShares(shares)
    assert.ok(weight >= last && weight >= 1 && weight <= 10000, `${shares}`)
    last = weight
  }
})

const MIB = 2 ** 20
const CASES: [Resources, string[]][] = [
  [{}, []],
  [{ memory: { limit: 64 * MIB } }, ['memory.max=67108864']],
  [{ memory: { limit: -1 } }, ['memory.max=max']],
  [{ memory: { limit: 0, swap: 0, reservation: 0 } }, []],
  // The spec's swap is memory and swap together; the file's is swap alone.
  [{ memory: { limit: 64 * MIB, swap: 96 * MIB } }, ['memory.max=67108864', 'memory.swap.max=33554432']],
  [{ memory: { limit: 64 * MIB, swap: 64 * MIB } }, ['memory.max=67108864', 'memory.swap.max=0']],
  [{ memory: { limit: 64 * MIB, swap: -1 } }, ['memory.max=67108864', 'memory.swap.max=max']],
  [{ memory: { swap: -1 } }, ['memory.swap.max=max']],
  [{ memory: { reservation: MIB } }, ['memory.low=1048576']],
  [{ memory: { swappiness: 60, disableOOMKiller: false, kernel: 0 } }, []],
  [{ cpu: { shares: 0 } }, []],
  [{ cpu: { quota: 50_000, period: 100_000 } }, ['cpu.max=50000 100000']],
  [{ cpu: { quota: 50_000 } }, ['cpu.max=50000 100000']],
  [{ cpu: { quota: -1, period: 20_000 } }, ['cpu.max=max 20000']],
  [{ cpu: { period: 20_000 } }, ['cpu.max=max 20000']],
  [{ cpu: { quota: 1000, burst: 500 } }, ['cpu.max=1000 100000', 'cpu.max.burst=500']],
  [{ cpu: { idle: 1 } }, ['cpu.idle=1']],
  [{ cpu: { cpus: '0-3,7', mems: '0' } }, ['cpuset.cpus=0-3,7', 'cpuset.mems=0']],
  [{ pids: { limit: 10 } }, ['pids.max=10']],
  [{ pids: { limit: -1 } }, ['pids.max=max']],
  [{ blockIO: { weight: 10 } }, ['io.weight=default 1']],
  [{ blockIO: { weight: 1000 } }, ['io.weight=default 10000']],
  [{ blockIO: { throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 0 }] } }, ['io.max=8:0 rbps=max']],
  [{ blockIO: { throttleWriteBpsDevice: [{ major: 8, minor: 1, rate: 5 }] } }, ['io.max=8:1 wbps=5']],
  [{ blockIO: { throttleReadIOPSDevice: [{ major: 8, minor: 1, rate: 6 }] } }, ['io.max=8:1 riops=6']],
  [{ blockIO: { throttleWriteIOPSDevice: [{ major: 8, minor: 1, rate: 7 }] } }, ['io.max=8:1 wiops=7']],
  [
    { hugepageLimits: [{ pageSize: '1GB', limit: 2 ** 31 }] },
    ['hugetlb.1GB.max=2147483648', 'hugetlb.1GB.rsvd.max=2147483648'],
  ],
  [{ rdma: { mlx: { hcaObjects: 9 } } }, ['rdma.max=mlx hca_handle=max hca_object=9']],
  [{ network: { priorities: [] } }, []],
  // Last, so that it wins.
  [{ pids: { limit: 1 }, unified: { 'pids.max': '2' } }, ['pids.max=1', 'pids.max=2']],
]
for (const [resources, files] of CASES)
  test(JSON.stringify(resources), () => {
    assert.deepEqual(filesOf(resources), files)
  })

test('what cgroup v2 does not have is refused where it stands', () => {
  const cases: [string, Resources][] = [
    ['/linux/resources/memory/swap', { memory: { swap: MIB } }],
    ['/linux/resources/memory/swap', { memory: { swap: MIB, limit: 0 } }],
    ['/linux/resources/memory/swap', { memory: { swap: MIB, limit: 2 * MIB } }],
    ['/linux/resources/memory/kernel', { memory: { kernel: 1 } }],
    ['/linux/resources/memory/kernelTCP', { memory: { kernelTCP: 1 } }],
    ['/linux/resources/memory/swappiness', { memory: { swappiness: 10 } }],
    ['/linux/resources/memory/disableOOMKiller', { memory: { disableOOMKiller: true } }],
    ['/linux/resources/cpu/realtimePeriod', { cpu: { realtimePeriod: 1 } }],
    ['/linux/resources/cpu/realtimeRuntime', { cpu: { realtimeRuntime: 1 } }],
    ['/linux/resources/network', { network: { classID: 1 } }],
    ...['../memory.max', 'memory.max/../x', 'memory', '', 'a b.c', '.max'].map(
      (file): [string, Resources] => [`/linux/resources/unified/${file}`, { unified: { [file]: '1' } }],
    ),
  ]
  for (const [at, resources] of cases) refused(at, () => filesOf(resources))
})

test('a limit that this host cannot set is an error that names the cure', () => {
  const config = leastConfig({ linux: { cgroupsPath: '/x', resources: { memory: { limit: MIB } } } })
  const at = '/linux/resources/memory/limit'
  const cgroup = { mount: '/sys/fs/cgroup/unified', controllers: ['pids'], v1Controllers: ['memory'] }
  refused(
    at,
    () => cgroupSteps(config, { ...HOST, cgroup }),
    /binds memory to cgroup v1; boot with cgroup_no_v1=all/,
  )
  refused(
    at,
    () => cgroupSteps(config, { ...HOST, cgroup: { ...cgroup, v1Controllers: [] } }),
    /does not list it/,
  )
  refused(at, () => cgroupSteps(config, { ...HOST, cgroup: undefined }), /there is none here/)
  const nowhere = leastConfig({ linux: { resources: { memory: { limit: MIB } } } })
  refused(at, () => cgroupSteps(nowhere, HOST), /names no cgroupsPath/)
})

test('the path of a cgroup cannot leave its mount', () => {
  const folder = (cgroupsPath: string) => cgroupFolder(leastConfig({ linux: { cgroupsPath } }), HOST)
  assert.equal(folder('/a/b'), '/sys/fs/cgroup/a/b')
  assert.equal(folder('a//./b/'), '/sys/fs/cgroup/a/b')
  assert.equal(folder('/../../etc'), '/sys/fs/cgroup/etc')
  refused('/linux/cgroupsPath', () => folder('../..'))
  refused('/linux/cgroupsPath', () => folder('/'))
  assert.equal(folder(''), undefined)
})
