/** Which namespaces come with the first clone, which with a second, and what must be there for them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../src/errors.ts'
import { CLONE } from '../../src/linux/abi/flags.ts'
import type { Linux, NamespaceType } from '../../src/oci/runtime-spec.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { readNamespaces } from '../../src/plan/namespaces.ts'
import { numberSteps, printStep } from '../../src/plan/print.ts'
import { HOST, leastConfig, leastInput, type Wishes } from './plan-inputs.ts'

const at = (types: string) =>
  types.split(' ').map((word) => {
    const [type, path] = word.split('=')
    return { type: type as NamespaceType, ...(path ? { path } : {}) }
  })
const read = (types: string, more: Partial<Linux> = {}) =>
  readNamespaces(leastConfig({ linux: { namespaces: at(types), ...more } }))

test('one clone makes what is new; joining by path needs none', () => {
  const { flags, relayFlags } = read('mount pid network ipc uts user time cgroup')
  const all = ['NEWNS', 'NEWPID', 'NEWNET', 'NEWIPC', 'NEWUTS', 'NEWUSER', 'NEWTIME'] as const
  assert.equal(
    flags,
    all.reduce((sum, name) => sum + CLONE[name], 0),
  )
  assert.equal(relayFlags, undefined)
  assert.equal(read('mount network=/n ipc=/i uts=/u time=/t').relayFlags, undefined)
})

test('a second clone: a joined pid or user namespace, moved clocks', () => {
  const cases: [string, Partial<Linux>, first: number, second: number][] = [
    ['mount pid=/p', {}, 0, CLONE.NEWNS],
    ['mount user=/u ipc', {}, 0, CLONE.NEWNS + CLONE.NEWIPC],
    // Its maps are written before anything is made in it.
    ['user mount pid=/p', {}, CLONE.NEWUSER, CLONE.NEWNS],
    ['mount time', { timeOffsets: { boottime: { secs: 1 } } }, 0, CLONE.NEWNS],
    ['mount time', { timeOffsets: {} }, CLONE.NEWNS + CLONE.NEWTIME, -1],
  ]
  for (const [types, more, first, second] of cases) {
    const { flags, relayFlags } = read(types, more)
    assert.deepEqual([flags, relayFlags ?? -1], [first, second], types)
  }
})

test('the relay hands the monitor to its sibling', () => {
  const steps = compilePlan(leastInput({ linux: { namespaces: at('mount pid=/p') } })).container
  const relay = steps.find((step) => step.is === 'call' && step.role === 'relay')
  assert.match(printStep(relay!), /^clone3\(\{flags=CLONE_PARENT\|CLONE_NEWNS\}\) = \$pid$/)
})

test('what is not of the user namespace is entered before it, the rest after, mount last', () => {
  const namespaces = at('mount=/m pid=/p user=/u network=/n time=/t cgroup=/c ipc=/i uts=/h')
  const order = numberSteps(compilePlan(leastInput({ linux: { namespaces } })))
    .map(({ step }) => printStep(step))
    .filter((step) => step.startsWith('setns'))
    .map((step) => /CLONE_NEW(\w+)/.exec(step)?.[1])
  const others = ['PID', 'NET', 'UTS', 'IPC', 'CGROUP', 'TIME']
  assert.deepEqual(order, [...others, 'USER', ...others, 'NS'])
})

const CASES: [name: string, at: string, wishes: Wishes][] = [
  ['no mount namespace', '/linux/namespaces', { linux: { namespaces: at('pid') } }],
  [
    'a sysctl of the host',
    '/linux/sysctl/kernel.core_pattern',
    {
      mounts: [{ destination: '/proc', type: 'proc' }],
      linux: { namespaces: at('mount ipc network uts'), sysctl: { 'kernel.core_pattern': '|x' } },
    },
  ],
  [
    'a sysctl without proc',
    '/linux/sysctl',
    { linux: { namespaces: at('mount ipc'), sysctl: { 'kernel.sem': '1' } } },
  ],
  [
    'an unknown limit',
    '/process/rlimits/0/type',
    { process: { rlimits: [{ type: 'RLIMIT_X' as 'RLIMIT_AS', soft: 1, hard: 1 }] } },
  ],
  ['no program', '/process/args', { process: { args: [] } }],
  ['a terminal without devpts', '/process/terminal', { process: { terminal: true } }],
  [
    'a source that is not there',
    '/mounts/0/source',
    { mounts: [{ destination: '/x', type: 'bind', source: '/srv/missing' }] },
  ],
  ['no filesystem type', '/mounts/0/type', { mounts: [{ destination: '/x' }] }],
  ['a remount of nothing', '/mounts/0', { mounts: [{ destination: '/x', options: ['remount', 'ro'] }] }],
  [
    'an idmap without maps',
    '/mounts/0/uidMappings',
    { mounts: [{ destination: '/x', type: 'bind', source: '/srv/data', options: ['idmap'] }] },
  ],
  [
    'an unknown propagation',
    '/linux/rootfsPropagation',
    { linux: { namespaces: at('mount'), rootfsPropagation: 'sideways' as 'shared' } },
  ],
]

for (const [name, pointer, wishes] of CASES)
  test(`refused, with its place: ${name}`, () => {
    assert.throws(
      () => compilePlan(leastInput(wishes)),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError, `${error}`)
        assert.equal(error.at, pointer)
        return true
      },
    )
  })

test('a kernel that is too old is refused', () => {
  const old = { ...HOST, kernel: [5, 11] as const }
  assert.throws(() => compilePlan(leastInput({}, { host: old })), /Linux 5\.12 or later .* but found 5\.11/)
})

test('which namespace a sysctl belongs to, and that it must be the container’s', () => {
  const owners: Record<string, string> = {
    'kernel.msgmax': 'ipc',
    'kernel.shm_rmid_forced': 'ipc',
    'fs.mqueue.msg_max': 'ipc',
    'net.ipv4.ip_forward': 'network',
    'net/ipv4/conf/eth0.1/forwarding': 'network',
    'net.ipv4.conf.eth0/1.forwarding': 'network',
    'kernel.domainname': 'uts',
    'user.max_user_namespaces': 'user',
  }
  const proc = { destination: '/proc', type: 'proc', source: 'proc' }
  const ids = [{ containerID: 0, hostID: 0, size: 1 }]
  const compile = (name: string, types: string) =>
    compilePlan(
      leastInput({
        mounts: [proc],
        linux: { namespaces: at(types), sysctl: { [name]: '1' }, uidMappings: ids, gidMappings: ids },
      }),
    )
  for (const [name, owner] of Object.entries(owners)) {
    assert.throws(() => compile(name, 'mount'), new RegExp(`an own ${owner} namespace`), name)
    const printed = numberSteps(compile(name, `mount ${owner}`)).map(({ step }) => printStep(step))
    assert.ok(
      printed.some((step) => step.startsWith('openat2($/proc, "sys/') && !step.includes('eth0/1')),
      name,
    )
  }
  // Names that would climb out of the namespace's own part of /proc/sys.
  for (const name of [
    'net/../kernel/core_pattern',
    'net.//.kernel',
    'net/./x',
    'net..x',
    '/net/x',
    'net',
    '',
  ])
    assert.throws(() => compile(name, 'mount network'), /name of a kernel parameter/, name)
})
