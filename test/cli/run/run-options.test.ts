/** What flags mean together, and what cannot stand together. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseArguments } from '../../../src/cli/parse.ts'
import { runFlags } from '../../../src/cli/run/run-flags.ts'
import { asksForNetwork } from '../../../src/cli/run/run-networks.ts'
import { namedFiles, runRequest } from '../../../src/cli/run/run-options.ts'

function request(line: string, files: [path: string, text: string][] = []) {
  const { flags, positionals } = parseArguments(runFlags, line.split(' '), { flagsFirst: true })
  return runRequest(flags, positionals, {
    environment: { HOST: 'h' },
    folder: '/',
    files: new Map(files),
    network: 'none',
  })
}
const options = (line: string, files?: [path: string, text: string][]) => {
  const made = request(line, files)
  assert.ok(made.from === 'image')
  return made.options
}

test('without flags', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(options('alpine'))), {
    image: 'alpine',
    command: [],
    pull: 'missing',
    quiet: false,
    removeAfterwards: false,
    interactive: false,
    terminal: false,
    init: false,
    restart: { name: 'no', maximumRetryCount: 0 },
    log: { driver: 'json-file', options: {} },
    environment: [],
    groupAdd: [],
    labels: {},
    annotations: {},
    extraHosts: [],
    dns: { servers: [], search: [], options: [] },
    network: 'none',
    endpoints: [],
    ports: [],
    publishAll: false,
    expose: [],
    pid: 'private',
    ipc: 'private',
    uts: 'private',
    cgroupns: 'private',
    readonlyRootfs: false,
    mounts: [],
    volumesFrom: [],
    shmSizeBytes: 67108864,
    devices: [],
    capAdd: [],
    capDrop: [],
    privileged: false,
    security: { seccomp: 'default', noNewPrivileges: false, unmaskedPaths: false },
    ulimits: [],
    sysctls: {},
    resources: { deviceReadBps: [], deviceWriteBps: [], deviceReadIops: [], deviceWriteIops: [] },
    lab: { step: false, skip: [], executor: 'native', cgroup: true },
  })
})

test('files come before flags, labels of both kinds are merged', () => {
  const files: [string, string][] = [
    ['e', 'A=file\nHOST\nNONE'],
    ['l', 'a=file\nb'],
  ]
  const made = options('--env-file e -e A=flag -e HOST --label-file l -l a=flag -l __proto__=x alpine', files)
  assert.deepEqual(made.environment, ['A=file', 'HOST=h', 'A=flag', 'HOST=h'])
  assert.deepEqual(Object.entries(made.labels), [
    ['a', 'flag'],
    ['b', ''],
    ['__proto__', 'x'],
  ])
  const { flags } = parseArguments(
    runFlags,
    '--env-file e --label-file l --security-opt seccomp=p x'.split(' '),
  )
  assert.deepEqual(namedFiles(flags), ['e', 'l', 'p'])
})

test('tinyctr’s own flags', () => {
  assert.deepEqual(options('--step --skip 3 --skip 4 --no-cgroup x').lab, {
    step: true,
    skip: [3, 4],
    executor: 'ffi',
    cgroup: false,
  })
  assert.deepEqual(JSON.parse(JSON.stringify(request('--bundle /b --executor ffi id'))), {
    from: 'bundle',
    options: { bundle: '/b', id: 'id', lab: { step: false, skip: [], executor: 'ffi', cgroup: true } },
  })
})

const refused: [line: string, message: string | RegExp][] = [
  ['--rm --restart always x', /^conflicting options: cannot specify both --restart and --rm/],
  ['-d -a stdin x', /^conflicting options: cannot specify both --attach and --detach/],
  ['--no-healthcheck --health-retries 2 x', /^--no-healthcheck conflicts with --health/],
  ['--log-opt what=1 x', /^unknown log opt 'what' for json-file log driver/],
  ['--uts host -h a x', 'conflicting options: hostname and the UTS mode'],
  ['--network host --sysctl net.core.somaxconn=1 x', /^sysctl 'net.core.somaxconn' is not allowed/],
  ['--ipc host --sysctl kernel.shmmax=1 x', /^sysctl 'kernel.shmmax' is not allowed/],
  ['--no-cgroup -m 64m x', 'conflicting options: --memory and --no-cgroup'],
  ['--step --executor native x', /^--step walks in TypeScript/],
  ['-v /a:/b --tmpfs /b x', 'Duplicate mount point: /b'],
  ['--security-opt seccomp=p x', /^Decoding seccomp profile failed: p: /],
  ['--network one --network host x', /cannot attach both user-defined and non-user-defined network-modes/],
  ['--network container: x', /names nothing/],
  ['--network container:web -p 80 x', /port publishing and the container type network mode/],
  ['--network container:web -h name x', /hostname and the network mode/],
  ['--network none --ip 10.0.0.2 x', /IP address is supported on user defined networks only/],
  [
    '--network host --network-alias a x',
    /network-scoped aliases are only supported for user-defined networks/,
  ],
  ['--network name=one,ip=10.0.0.2 --ip 10.0.0.3 x', /cannot specify both --ip and per-network ip/],
  ['--network name=one,nosuch=1 x', /invalid field key nosuch/],
  ['-p 80/icmp x', /invalid proto: icmp/],
  ['-p 1:2:3:4 x', /invalid/],
  ['-p 300.0.0.1:80:80 x', /invalid IP address: 300.0.0.1/],
  ['-p 80-81:8000-8005 x', /invalid ranges specified for container and host Ports/],
  ['-p 70000 x', /invalid containerPort: 70000/],
  ['--network-rate fast x', /invalid rate: fast/],
  ['--pid sideways x', 'invalid argument "sideways" for "--pid" flag: invalid mode: it is host or private'],
  ['-w a x', /the working directory 'a' is invalid, it needs to be an absolute path$/],
  ['-u 1: x', 'invalid argument "1:" for "-u, --user" flag: expected USER or USER:GROUP'],
  ['--stop-signal NOPE x', /invalid signal: NOPE$/],
  ['--oom-score-adj 1001 x', /Invalid value 1001, range for oom score adj is \[-1000, 1000\]$/],
  ['-m 5m x', 'Minimum memory limit allowed is 6MB'],
  ['-m 64m --memory-swap 32m x', 'Minimum memoryswap limit should be larger than memory limit, see usage'],
  ['--memory-swap 64m x', 'You should always set the Memory limit when using Memoryswap limit, see usage'],
  ['--memory-reservation 1m x', 'Minimum memory reservation allowed is 6MB'],
  ['-m 64m --memory-reservation 65m x', /^Minimum memory limit can not be less than memory reservation/],
  ['--cpus 1 --cpu-period 1000 x', 'Conflicting options: Nano CPUs and CPU Period cannot both be set'],
  ['--cpus 1 --cpu-quota 1000 x', 'Conflicting options: Nano CPUs and CPU Quota cannot both be set'],
  ['--cpu-period 999 x', /^CPU cfs period can not be less than 1ms/],
  ['--cpu-quota 999 x', /^CPU cfs quota can not be less than 1ms/],
  ['--bundle /b --memory 64m', /^--memory means nothing with --bundle/],
  ['--bundle /b a b', /^--bundle DIR takes an ID at most/],
  ['--bundle /b ..', 'invalid container ID: ".."'],
]
for (const [line, message] of refused) {
  test(`refuses ${line}`, () => assert.throws(() => request(line), { name: 'UsageError', message }))
}

test('who asks for a port asks for a network', () => {
  const asks = (line: string) =>
    asksForNetwork(parseArguments(runFlags, line.split(' '), { flagsFirst: true }).flags)
  assert.equal(asks('alpine'), false)
  assert.equal(asks('-p 80:80 alpine'), true)
  assert.equal(asks('-P alpine'), true)
  assert.equal(options('alpine').network, 'none')
  assert.equal(options('--network some alpine').network, 'some')
})
