/** `-v`, `--mount` and `--tmpfs`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMount } from '../../../src/engine/config/mount-flag.ts'
import { mergeTmpfsOptions, parseTmpfs } from '../../../src/engine/config/tmpfs-options.ts'
import { parseVolume } from '../../../src/engine/config/volume-flag.ts'

const bind = {
  type: 'bind',
  source: '/a',
  destination: '/b',
  readonly: false,
  createSource: false,
  recursive: true,
  recursiveReadonly: true,
  propagation: 'rprivate',
}

const volumes: [text: string, differs: object][] = [
  ['/a:/b', {}],
  ['/a:/b:rw', {}],
  ['/a:/b:ro', { readonly: true }],
  ['/a:/b:ro,z,rshared', { readonly: true, propagation: 'rshared' }],
  ['/a:/b/./c//d/..', { destination: '/b/c' }],
  ['/a:/../b', {}],
  ['./a:/b', { source: './a' }],
  ['..:/b', { source: '..' }],
  ['/a:/b:cached', {}],
]
for (const [text, differs] of volumes) {
  test(`-v ${text}`, () => assert.deepEqual(parseVolume(text), { ...bind, createSource: true, ...differs }))
}

const volume = { type: 'volume', name: 'data', destination: '/b', readonly: false, noCopy: false }
const namedVolumes: [text: string, differs: object][] = [
  ['data:/b', {}],
  ['/b', { name: '' }],
  ['data:/b:ro,nocopy', { readonly: true, noCopy: true }],
  ['my.data_1:/b:z', { name: 'my.data_1' }],
]
for (const [text, differs] of namedVolumes) {
  test(`-v ${text}`, () => assert.deepEqual(parseVolume(text), { ...volume, ...differs }))
}

const refusedVolumes: [text: string, message: RegExp][] = [
  ['', /^invalid volume specification: ''$/],
  [':/b', /^invalid volume specification: ':\/b'$/],
  ['/a:', /^invalid volume specification: '\/a:'$/],
  ['/a:rw', /^invalid volume specification: '\/a:rw'$/],
  ['/a:/b:ro:x', /^invalid volume specification/],
  ['/a:/b:x', /^invalid mode: x$/],
  ['/a:/b:ro,rw', /^invalid mode: ro,rw$/],
  ['/a:/b:shared,slave', /^invalid mode: shared,slave$/],
  ['/a:b', /^invalid mount path: 'b' mount path must be absolute$/],
  ['/a:/', /^invalid specification: destination can't be '\/'$/],
  ['/a:/b/..', /^invalid specification: destination can't be '\/'$/],
  ['data:/b:rshared', /^invalid mode: rshared$/],
  ['data:b', /^invalid mount path: 'b' mount path must be absolute$/],
]
for (const [text, message] of refusedVolumes) {
  test(`-v refuses "${text}"`, () => assert.throws(() => parseVolume(text), { name: 'UsageError', message }))
}

const mounts: [text: string, mount: object][] = [
  ['type=bind,source=/a,target=/b', bind],
  ['type=bind,src=/a,dst=/b,ro', { ...bind, readonly: true }],
  ['type=BIND,src=/a,destination=/b,readonly=false', bind],
  ['type=bind,src=./a,dst=/b', { ...bind, source: './a' }],
  ['type=bind,src=/a,dst=/b,bind-propagation=rslave', { ...bind, propagation: 'rslave' }],
  ['type=bind,src=/a,dst=/b,bind-nonrecursive', { ...bind, recursive: false }],
  [
    'type=bind,src=/a,dst=/b,ro,bind-recursive=writable',
    { ...bind, readonly: true, recursiveReadonly: false },
  ],
  ['"type=bind","src=/a,""b""",dst=/b', { ...bind, source: '/a,"b"' }],
  [
    'src=data,dst=/b,readonly,volume-nocopy,volume-label=a=1,volume-label=b,volume-opt=type=nfs,volume-driver=local',
    {
      ...volume,
      readonly: true,
      noCopy: true,
      driver: 'local',
      driverOptions: { type: 'nfs' },
      labels: { a: '1', b: '' },
    },
  ],
  [
    'type=tmpfs,dst=/t',
    { type: 'tmpfs', destination: '/t', options: ['noexec', 'nosuid', 'nodev', 'rprivate'] },
  ],
  [
    'type=tmpfs,dst=/t,tmpfs-size=64m,tmpfs-mode=1770,ro',
    {
      type: 'tmpfs',
      destination: '/t',
      options: ['noexec', 'nosuid', 'nodev', 'rprivate', 'ro', 'mode=1770', 'size=67108864'],
    },
  ],
]
for (const [text, mount] of mounts) {
  test(`--mount ${text}`, () => assert.deepEqual(parseMount(text), mount))
}

const refusedMounts: [text: string, message: RegExp][] = [
  ['', /^invalid field '' must be a key=value pair$/],
  ['type=bind', /^target is required$/],
  ['type=,dst=/b', /^type is required$/],
  ['type=bind,dst=/b', /field Source must not be empty$/],
  ['type=bind,src=a,dst=/b', /^invalid mount path: 'a' mount path must be absolute$/],
  ['type=bind,src=/a,dst=b', /^invalid mount path: 'b' mount path must be absolute$/],
  ['type=bind,src=/a,dst=/b,foo=1', /^unexpected key 'foo' in 'foo=1'$/],
  ['type=bind,src=/a,dst=/b,foo', /^invalid field 'foo' must be a key=value pair$/],
  ['type=bind,src,dst=/b', /^invalid field 'src' must be a key=value pair$/],
  ['type=bind,src=/a,dst=/b,ro=maybe', /^invalid value for readonly: maybe$/],
  ['type=bind,src=/a,dst=/b,bind-propagation=x', /^invalid propagation mode: x$/],
  ['type=bind,src=/a,dst=/b,tmpfs-size=1', /^cannot mix 'tmpfs-\*' options with mount type 'bind'$/],
  ['type=tmpfs,src=/a,dst=/b', /field Source must not be specified$/],
  ['type=tmpfs,dst=/b,tmpfs-mode=9', /^invalid value for tmpfs-mode: 9$/],
  ['type=nfs,dst=/b', /^mount type unknown: nfs$/],
  ['type=volume,dst=/b,tmpfs-size=1m', /^cannot mix 'tmpfs-\*' options with mount type 'volume'$/],
  ['type=bind,src=/a"b,dst=/b', /^parse error: bare " in/],
]
for (const [text, message] of refusedMounts) {
  test(`--mount refuses "${text}"`, () => {
    assert.throws(() => parseMount(text), { name: 'UsageError', message })
  })
}

test('--tmpfs: what is said last wins over its opposite', () => {
  assert.deepEqual(parseTmpfs('/run').options, ['noexec', 'nosuid', 'nodev', 'rprivate'])
  assert.deepEqual(parseTmpfs('/run:rw,exec,size=64m'), {
    type: 'tmpfs',
    destination: '/run',
    options: ['nosuid', 'nodev', 'rprivate', 'rw', 'exec', 'size=64m'],
  })
  assert.deepEqual(mergeTmpfsOptions(['size=1', 'size=2', 'ro', 'rw', 'defaults']), [
    'noexec',
    'nosuid',
    'nodev',
    'rprivate',
    'size=2',
    'rw',
  ])
})

for (const text of ['/run:foo', '/run:size', '/run:size=', '/run:lowerdir=/x', '/', 'run']) {
  test(`--tmpfs refuses "${text}"`, () => assert.throws(() => parseTmpfs(text), { name: 'UsageError' }))
}
