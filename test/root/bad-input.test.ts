/** What people get wrong: one clear error on stderr, the right exit code, nothing left, nothing damaged. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Registry, registryMissing, startRegistry } from '../../rootfs-fixtures/registry/registry.ts'
import { binary, IMAGE, type Result, skip, tinyctrForTests } from './tinyctr.ts'

const tinyctr = tinyctrForTests()

/** One error: its first line says what, the others hang below it. */
function assertOneError({ status, stdout, stderr }: Result, code: number, message: RegExp): void {
  assert.equal(status, code, stderr)
  assert.equal(stdout, '')
  assert.match(stderr, message)
  const [first, ...others] = stderr.trimEnd().split('\n')
  assert.match(first!, /^tinyctr: /)
  for (const line of others) assert.match(line, /^( {2}|See '|Usage: |also at |Did you mean)/)
  assert.doesNotMatch(stderr, /unexpected|fault in tinyctr|undefined|\bat \S+:\d+:\d+/)
}

describe('the command line', { skip }, () => {
  for (const [flags, message] of [
    [['--no-such-flag'], /unknown flag: --no-such-flag/],
    [['--hostnam', 'x'], /unknown flag: --hostnam/],
    [['--cap-add', 'CAP_NOPE'], /invalid capability: "CAP_NOPE"/],
    [['--user', ':::'], /invalid argument ":::" for "-u, --user"/],
    [['--volume', 'relative'], /./],
    [['--volume', '/a:b'], /mount path must be absolute/],
    [['--mount', 'type=nope,dst=/x'], /nope/],
    [['--tmpfs', 'relative'], /mount path must be absolute/],
    [['--ulimit', 'nope=1'], /nope/],
    [['--network', 'nosuch'], /nosuch/],
    [['--publish', 'nope'], /nope/],
    [['--memory', '1'], /Minimum memory limit allowed is 6MB/],
    [['--security-opt', 'seccomp=/no/such/profile'], /no such file/],
    [['--env-file', '/no/such/file'], /no such file/],
    [['--workdir', 'relative'], /relative/],
    [['--device', '/etc/passwd'], /not a device node/],
  ] as const) {
    test(`run ${flags.join(' ')}`, () => {
      assertOneError(tinyctr.run(flags, ['true']), 125, message)
    })
  }

  test('a flag that takes the image for its value', () => {
    assertOneError(tinyctr.run(['-e'], []), 1, /requires at least 1 argument/)
  })

  test('a seccomp profile that is not one', () => {
    const profile = join(tinyctr.folder, 'broken.json')
    for (const text of [
      '{',
      '[]',
      '{"defaultAction":"SCMP_ACT_NOPE"}',
      '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{}]}',
    ]) {
      writeFileSync(profile, text)
      const result = tinyctr.run(['--security-opt', `seccomp=${profile}`], ['true'])
      assertOneError(result, 125, /seccomp|syscalls|defaultAction/)
    }
  })
})

describe('images', { skip }, () => {
  test('an unknown image where no registry can be reached', () => {
    assertOneError(
      tinyctr.run([], ['true'], { image: '127.0.0.1:1/unknown' }),
      125,
      /Cannot reach 127\.0\.0\.1:1/,
    )
  })

  test('names that no image can have', () => {
    for (const image of ['UPPER', 'a//b', ':tag', 'name@sha256:short']) {
      assertOneError(tinyctr.run([], ['true'], { image }), 125, /Cannot use the image name/)
    }
  })

  test('alpine falls back to the fixture, with one warning; --pull always never does', () => {
    const { status, stdout, stderr } = tinyctr.run([], ['echo', 'ran'], { image: 'alpine' })
    assert.deepEqual({ status, stdout }, { status: 0, stdout: 'ran\n' })
    assert.match(stderr, /^tinyctr: warning: [^\n]*not the real alpine\n$/)
    assertOneError(tinyctr.run(['--pull', 'always'], ['true'], { image: 'alpine' }), 125, /Cannot reach/)
    assertOneError(tinyctr.run([], ['true'], { image: 'debian' }), 125, /Cannot reach/)
  })

  describe('with a registry', { skip: registryMissing }, () => {
    let registry: Registry
    before(async () => {
      registry = await startRegistry()
    })
    after(() => registry?.stop())

    test('an image that it does not have', () => {
      const image = `127.0.0.1:${registry.port}/unknown/image`
      assertOneError(tinyctr.run([], ['true'], { image }), 125, /unknown\/image/)
    })
  })
})

const process_ = { user: { uid: 0, gid: 0 }, args: ['/bin/true'], cwd: '/', env: ['PATH=/bin'] }
const valid = {
  ociVersion: '1.2.0',
  process: process_,
  root: { path: 'rootfs' },
  mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
  linux: {
    namespaces: [{ type: 'mount' }, { type: 'pid' }, { type: 'network' }, { type: 'ipc' }, { type: 'uts' }],
  },
}
const linux = (more: object): object => ({ ...valid, linux: { ...valid.linux, ...more } })
const withProcess = (more: object): object => ({ ...valid, process: { ...process_, ...more } })
const withMount = (mount: object): object => ({ ...valid, mounts: [...valid.mounts, mount] })

/** What is wrong, the config, and where the error must point. */
const broken: readonly [name: string, config: unknown, at: RegExp][] = [
  ['no JSON', '{"ociVersion":', /config\.json|JSON/],
  ['an empty file', '', /JSON|config/],
  ['not an object', [], /object/],
  ['no version', { ...valid, ociVersion: undefined }, /ociVersion/],
  ['a version of another time', { ...valid, ociVersion: '9.0.0' }, /ociVersion/],
  ['no process', { ...valid, process: undefined }, /process/],
  ['no root', { ...valid, root: undefined }, /root/],
  ['a root that is missing', { ...valid, root: { path: 'nowhere' } }, /root\/path/],
  ['a root that is a file', { ...valid, root: { path: 'config.json' } }, /root\/path/],
  ['no args', withProcess({ args: [] }), /process\/args/],
  ['a number as an argument', withProcess({ args: [1] }), /process\/args\/0/],
  ['a NUL in an argument', withProcess({ args: ['/bin/true', 'a\0b'] }), /process\/args\/1/],
  ['a relative cwd', withProcess({ cwd: 'here' }), /process\/cwd/],
  ['an env without =', withProcess({ env: ['A'] }), /process\/env\/0/],
  ['a negative uid', withProcess({ user: { uid: -1, gid: 0 } }), /process\/user\/uid/],
  ['a uid over 32 bits', withProcess({ user: { uid: 2 ** 32, gid: 0 } }), /process\/user\/uid/],
  [
    'an rlimit that is none',
    withProcess({ rlimits: [{ type: 'RLIMIT_NOPE', soft: 1, hard: 1 }] }),
    /rlimits\/0/,
  ],
  ['an oom score out of range', withProcess({ oomScoreAdj: 5000 }), /oomScoreAdj/],
  ['a mount over /', withMount({ destination: '/', type: 'tmpfs', source: 'x' }), /mounts\/1/],
  [
    'a bind of what is missing',
    withMount({ destination: '/x', type: 'bind', source: '/no/such' }),
    /mounts\/1\/source/,
  ],
  ['a filesystem that is none', withMount({ destination: '/x', type: 'nofs', source: 'x' }), /mounts\/1/],
  ['a namespace that is none', linux({ namespaces: [{ type: 'nope' }] }), /namespaces\/0/],
  ['a namespace twice', linux({ namespaces: [{ type: 'mount' }, { type: 'mount' }] }), /namespaces/],
  ['no mount namespace', linux({ namespaces: [{ type: 'pid' }] }), /linux\/namespaces/],
  [
    'a namespace path that is none',
    linux({ namespaces: [{ type: 'mount' }, { type: 'net', path: '/etc/passwd' }] }),
    /namespaces/,
  ],
  ['a sysctl of the whole host', linux({ sysctl: { 'kernel.panic': '1' } }), /sysctl\/kernel\.panic/],
  ['a sysctl that leads away', linux({ sysctl: { 'net/../kernel/panic': '1' } }), /sysctl/],
  [
    'a seccomp action that is none',
    linux({ seccomp: { defaultAction: 'SCMP_ACT_NOPE' } }),
    /seccomp\/defaultAction/,
  ],
  [
    'a cgroup file that leads away',
    linux({ cgroupsPath: '/x', resources: { unified: { '../x.y': '1' } } }),
    /unified/,
  ],
  [
    'a device of no type',
    linux({ devices: [{ path: '/dev/x', type: 'x', major: 1, minor: 1 }] }),
    /devices\/0/,
  ],
  ['a propagation that is none', linux({ rootfsPropagation: 'sideways' }), /rootfsPropagation/],
  ['a hook that is none', { ...valid, hooks: { prestart: [{ path: 'true' }] } }, /hooks\/prestart\/0/],
]

describe('a bundle', { skip }, () => {
  let bundle: string
  before(() => {
    bundle = join(tinyctr.folder, 'bundle')
    mkdirSync(bundle)
    const [layer] = readdirSync(`${tinyctr.dataRoot}/l`)
    symlinkSync(realpathSync(`${tinyctr.dataRoot}/l/${layer}`), join(bundle, 'rootfs'))
  })

  for (const [name, config, at] of broken) {
    test(`with ${name}`, () => {
      writeFileSync(join(bundle, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config))
      assertOneError(tinyctr.command(['run', '--bundle', bundle]), 125, at)
    })
  }

  test('with a capability that is none: told, and not had', () => {
    const config = withProcess({ capabilities: { bounding: ['CAP_NOPE'] } })
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(config))
    const { status, stderr } = tinyctr.command(['run', '--bundle', bundle])
    assert.deepEqual(
      { status, stderr },
      { status: 0, stderr: 'tinyctr: warning: no kernel has these capabilities: CAP_NOPE\n' },
    )
  })

  test('that is not there, or has no config.json', () => {
    assertOneError(tinyctr.command(['run', '--bundle', '/no/such/bundle']), 125, /no config\.json/)
    assertOneError(tinyctr.command(['run', '--bundle', tinyctr.folder]), 125, /no config\.json/)
  })

  test('with an id that is none, or is taken', () => {
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(valid))
    for (const id of ['../x', '..', 'a/b', ''])
      assertOneError(tinyctr.command(['run', '--bundle', bundle, id]), 125, /invalid container ID|ID/)
  })
})

describe('places', { skip }, () => {
  const run = (...flags: string[]): Result =>
    spawnSync(binary, [...flags, 'run', '--rm', IMAGE, 'true'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })

  test('a state folder that cannot be made', () => {
    const file = join(tinyctr.folder, 'a-file')
    writeFileSync(file, '')
    for (const root of ['/proc/nowhere', `${file}/below`, file]) {
      assertOneError(
        run('--root', root, '--data-root', tinyctr.dataRoot),
        125,
        /Cannot make the folder .*--root/,
      )
    }
  })

  test('a data folder that cannot be made', () => {
    const file = join(tinyctr.folder, 'another-file')
    writeFileSync(file, '')
    for (const folder of ['/proc/nowhere', `${file}/below`, file]) {
      const ran = run('--root', tinyctr.root, '--data-root', folder)
      assertOneError(ran, 125, /Cannot make the folder .*--data-root/)
    }
  })

  /** In a mount namespace with a small tmpfs at FULL: whatever is mounted there goes with the process. */
  const inSmall = (options: string, script: string): Result => {
    const full = join(tinyctr.folder, 'own-full')
    mkdirSync(full, { recursive: true })
    const setUp = `mount -t tmpfs -o ${options} none ${full} && cd ${full} && `
    return spawnSync('unshare', ['-m', '/bin/sh', '-c', setUp + script], { encoding: 'utf8' })
  }

  test('no room for the state: an error, and nothing left in it', () => {
    const script = `head -c 1m /dev/zero >x 2>/dev/null; ${binary} --root $PWD/s --data-root ${tinyctr.dataRoot} run --rm ${IMAGE} true; code=$?; ls s 2>/dev/null | grep -v -e starts -e seccomp; exit $code`
    assertOneError(inSmall('size=64k', script), 125, /no space|full/)
    assertOneError(inSmall('nr_inodes=2', script), 125, /no space|full/)
  })

  test('no room for the image: an error; with room again, it runs from the same store', () => {
    const run = `${binary} --root ${tinyctr.root} --data-root $PWD/d run --rm --quiet alpine true`
    const script = `${run} 2>/dev/null && exit 99; ${run}; code=$?; mount -o remount,size=50m . && ${run} 2>/dev/null || exit 98; ls d/containers d/partial d/tmp | grep -v :; exit $code`
    const { status, stderr, stdout } = inSmall('size=1m', script)
    assert.equal(status, 125, stderr)
    assert.match(stderr, /no space is left on the disk/)
    assert.equal(stdout.trim(), '')
  })
})
