import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { ConfigError } from '../../src/errors.ts'
import * as validate from '../../src/oci/validate.ts'
import { imageConfig, imageIndex, imageManifest, richConfig } from './samples.ts'

const examples = join(import.meta.dirname, 'examples')
const parsers = { config: validate.parseConfig, features: validate.parseFeatures, state: validate.parseState }

for (const [kind, parse] of Object.entries(parsers)) {
  for (const verdict of ['good', 'bad']) {
    for (const name of readdirSync(join(examples, kind, verdict))) {
      const text = readFileSync(join(examples, kind, verdict, name), 'utf8')
      // Bad in a section of another platform, which is an unknown property here.
      const isGood = verdict === 'good' || name.startsWith('freebsd-')
      test(`${kind}/${verdict}/${name} is ${isGood ? 'accepted' : 'refused'}`, () => {
        if (isGood) assert.deepEqual(parse(text), JSON.parse(text))
        else assert.throws(() => parse(text), ConfigError)
      })
    }
  }
}

type Check = (value: unknown) => unknown
const refusals: [check: Check, at: string, value: unknown, message: string | RegExp][] = [
  // Types.
  [validate.validateConfig, '', [1], 'expected an object but found a list'],
  [validate.validateConfig, '', null, 'expected an object but found null'],
  [validate.validateConfig, '/hostname', 5, 'expected a string but found 5'],
  [validate.validateConfig, '/process/terminal', 'yes', 'expected true or false but found "yes"'],
  [validate.validateConfig, '/mounts', {}, 'expected a list but found an object'],
  [validate.validateConfig, '/linux', 'x', 'expected an object but found "x"'],
  [validate.validateConfig, '/process/env', null, 'expected a list but found null'],
  [validate.validateConfig, '/process/args/0', 7, 'expected a string but found 7'],
  [validate.validateConfig, '/linux/sysctl/net.ipv4.ip_forward', 1, 'expected a string but found 1'],
  [validate.validateConfig, '/annotations/a~1b~0c', true, 'expected a string but found true'],
  // Ranges.
  [validate.validateConfig, '/process/user/uid', -1, 'expected an integer from 0 to 4294967295 but found -1'],
  [
    validate.validateConfig,
    '/process/user/gid',
    1.5,
    'expected an integer from 0 to 4294967295 but found 1.5',
  ],
  [validate.validateConfig, '/linux/resources/blockIO/weight', 65536, /from 0 to 65535 but found 65536$/],
  [validate.validateConfig, '/linux/resources/memory/limit', '1g', /from -2\^63 to 2\^63-1 but found "1g"$/],
  [validate.validateConfig, '/process/rlimits/0/hard', -1, /from 0 to 2\^64-1 but found -1$/],
  [validate.validateConfig, '/hooks/createRuntime/0/timeout', 0, /from 1 to 2\^63-1 but found 0$/],
  // Enumerations.
  [
    validate.validateConfig,
    '/linux/namespaces/0/type',
    'foo',
    'expected one of mount, pid, network, uts, ipc, user, cgroup, time but found "foo"',
  ],
  [
    validate.validateConfig,
    '/linux/seccomp/syscalls/0/action',
    'ALLOW',
    /^expected one of SCMP_ACT_KILL, .*"ALLOW"$/,
  ],
  [
    validate.validateConfig,
    '/process/rlimits/0/type',
    'RLIMIT_FOO',
    /^expected one of RLIMIT_AS, .*"RLIMIT_FOO"$/,
  ],
  [validate.validateConfig, '/linux/devices/0/type', 'x', 'expected one of c, b, u, p but found "x"'],
  [validate.validateState, '/status', 'dead', /^expected one of creating, .* but found "dead"$/],
  // Patterns and formats.
  [
    validate.validateConfig,
    '/linux/resources/hugepageLimits/0/pageSize',
    '64kB',
    'expected a page size such as 2MB but found "64kB"',
  ],
  [validate.validateConfig, '/process/execCPUAffinity/initial', 'all', /^expected a list of CPUs such as/],
  [
    validate.validateImageManifest,
    '/config/digest',
    'sha256',
    /^expected a digest such as sha256:.* found "sha256"$/,
  ],
  [validate.validateImageManifest, '/layers/0/mediaType', 'tar', /^expected a media type such as/],
  [validate.validateImageManifest, '/layers/0/urls/0', 'not a uri', /^expected a URI such as/],
  [
    validate.validateImageConfig,
    '/created',
    'yesterday',
    /^expected an RFC 3339 time such as .* but found "yesterday"$/,
  ],
  // Required members.
  [validate.validateConfig, '/ociVersion', undefined, 'expected a string but it is missing'],
  [validate.validateConfig, '/process/cwd', undefined, 'expected a string but it is missing'],
  [validate.validateConfig, '/mounts/0/destination', undefined, 'expected a string but it is missing'],
  [validate.validateImageConfig, '/rootfs', undefined, 'expected an object but it is missing'],
  [validate.validateImageIndex, '/manifests/0/platform/os', undefined, 'expected a string but it is missing'],
  // Lengths and constants.
  [
    validate.validateConfig,
    '/linux/seccomp/syscalls/0/names',
    [],
    'expected a list of at least 1 but found an empty list',
  ],
  [validate.validateImageIndex, '/schemaVersion', 1, 'expected 2 but found 1'],
  [validate.validateImageConfig, '/rootfs/type', 'zip', 'expected "layers" but found "zip"'],
  // NUL bytes.
  [
    validate.validateConfig,
    '/root/path',
    'a\0b',
    'expected a string without NUL bytes but found "a\\u0000b"',
  ],
  [validate.validateImageConfig, '/config/Env/0', 'A=\0', /^expected a string without NUL bytes/],
]

const samples = new Map<Check, unknown>([
  [validate.validateConfig, richConfig],
  [validate.validateState, { ociVersion: '1.3.0', id: 'a', status: 'running', bundle: '/b' }],
  [validate.validateImageIndex, imageIndex],
  [validate.validateImageManifest, imageManifest],
  [validate.validateImageConfig, imageConfig],
])

for (const [check, at, value, message] of refusals) {
  test(`${check.name}: ${at || 'the whole'} = ${JSON.stringify(value)} is refused`, () => {
    const sample = samples.get(check)
    assert.equal(check(sample), sample)
    const broken = at === '' ? value : withMember(sample, at, value)
    assert.throws(
      () => check(broken),
      (error: ConfigError) => {
        assert.ok(error instanceof ConfigError)
        assert.equal(error.at, at)
        if (typeof message === 'string') assert.equal(error.message, message)
        else assert.match(error.message, message)
        return true
      },
    )
  })
}

test('every problem is listed, the first one first', () => {
  const config = { ociVersion: '1.0.0', hostname: 1, process: { args: ['a', 2] } }
  assert.throws(() => validate.validateConfig(config), {
    at: '/hostname',
    message: [
      'expected a string but found 1',
      'also at /process/args/1: expected a string but found 2',
      'also at /process/cwd: expected a string but it is missing',
    ].join('\n'),
  })
})

test('text that is not JSON is refused with line and column', () => {
  assert.throws(() => validate.parseConfig('{\n  "ociVersion": "1.0.0"\n  "root": {}\n}'), {
    name: 'ConfigError',
    at: '',
    message: 'expected a comma or } at line 3, column 3: this is not JSON',
  })
})

test('unknown members are kept, whatever their names', () => {
  const text =
    '{"ociVersion":"1.0.0","x":1,"constructor":2,"__proto__":{"a":1},"linux":{"toString":[],"valueOf":null}}'
  assert.deepEqual(validate.parseConfig(text), JSON.parse(text))
})

test('what Go writes for empty slices and maps is accepted in images', () => {
  const config = { Env: null, Cmd: null, Entrypoint: null, Volumes: null, Labels: null, ExposedPorts: null }
  const image = { architecture: 'amd64', os: 'linux', config, rootfs: { type: 'layers', diff_ids: null } }
  assert.equal(validate.validateImageConfig(image), image)
})

test('a long value is cut in the message', () => {
  const config = { ociVersion: '1.0.0', linux: { devices: [{ type: 'x'.repeat(1000), path: '/dev/x' }] } }
  assert.throws(
    () => validate.validateConfig(config),
    (error: Error) => error.message.length < 150,
  )
})

test('the parts are read on their own: process.json, resources.json, oci-layout', () => {
  assert.deepEqual(validate.parseProcess('{"cwd":"/"}'), { cwd: '/' })
  assert.throws(() => validate.parseProcess('{}'), { at: '/cwd' })
  assert.throws(() => validate.parseResources('{"pids":{}}'), { at: '/pids/limit' })
  assert.throws(() => validate.parseImageLayout('{"imageLayoutVersion":"2"}'), { at: '/imageLayoutVersion' })
})

/** A copy of `sample` with one member replaced (undefined: removed); steps that do not exist are made. */
function withMember(sample: unknown, at: string, value: unknown): unknown {
  // Not structuredClone: it would keep what the sample shares shared.
  const copy = JSON.parse(JSON.stringify(sample))
  const path = at
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  // biome-ignore lint/suspicious/noExplicitAny: a walk through JSON
  let parent: any = copy
  for (const name of path.slice(0, -1)) parent = parent[name] ??= {}
  const last = path.at(-1)!
  if (value === undefined) delete parent[last]
  else parent[last] = value
  return copy
}
