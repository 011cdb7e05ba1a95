/** `--systemd-cgroup`: scopes of a systemd that runs in the VM. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Config, Resources } from '../../src/oci/runtime-spec.ts'
import { makeBundle, writeConfig } from '../plan/bundle.ts'
import { until } from '../root/runtime-door.ts'
import { notInVm } from './cgroup.ts'
import { type Result, Systemd, withoutSystemd } from './systemd.ts'

const binary = join(import.meta.dirname, '../../build/tinyctr-runtime')

describe('cgroups through systemd', { skip: notInVm || withoutSystemd }, () => {
  let systemd: Systemd
  let bundle: string
  let root: string
  before(async () => {
    bundle = makeBundle()
    root = mkdtempSync(join(tmpdir(), 'tinyctr-systemd-'))
    systemd = await Systemd.start()
  })
  after(() => {
    systemd?.stop()
    for (const folder of [bundle, root]) rmSync(folder, { recursive: true, force: true })
  })

  const runtime = (...args: string[]): Result =>
    systemd.run(binary, '--root', root, '--systemd-cgroup', ...args)

  function quietly(...args: string[]): void {
    const { status, stdout, stderr } = runtime(...args)
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' }, args.join(' '))
  }

  function configure(args: string[], resources: Resources, changes: Partial<Config> = {}): void {
    writeConfig(bundle, {
      ociVersion: '1.3.0',
      root: { path: 'rootfs' },
      mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
      process: { args, cwd: '/', env: ['PATH=/bin'], user: { uid: 0, gid: 0 } },
      ...changes,
      linux: {
        namespaces: (['pid', 'mount', 'network'] as const).map((type) => ({ type })),
        resources,
        ...changes.linux,
      },
    })
  }

  const cgroupFiles = (path: string, ...files: string[]): string[] =>
    systemd
      .nearby('cat', ...files.map((file) => `/sys/fs/cgroup${path}/${file}`))
      .stdout.trimEnd()
      .split('\n')

  /** systemd hears of an empty cgroup in its own time. */
  const isForgotten = (unit: string): Promise<void> =>
    until(() => systemd.show(unit, 'LoadState').LoadState === 'not-found')

  test('the scope has its slice, its limits and only the container; delete ends it', async () => {
    configure(
      ['sleep', '1000'],
      {
        memory: { limit: 64 << 20, reservation: 32 << 20 },
        cpu: { shares: 512, quota: 25_000, period: 50_000 },
        pids: { limit: 50 },
        unified: { 'memory.high': '50331648' },
      },
      {
        annotations: {
          'org.systemd.property.TimeoutStopSec': '7',
          'org.systemd.property.After': "['dbus.service']",
        },
        linux: { cgroupsPath: 'machine-test.slice:engine:one' },
      },
    )
    const unit = 'engine-one.scope'
    const path = '/machine.slice/machine-test.slice/engine-one.scope'
    quietly('create', '--bundle', bundle, 'c1')
    const limits = {
      MemoryMax: `${64 << 20}`,
      MemoryLow: `${32 << 20}`,
      MemoryHigh: '50331648',
      CPUWeight: '59',
      CPUQuotaPerSecUSec: '500ms',
      CPUQuotaPeriodUSec: '50ms',
      TasksMax: '50',
    }
    const known = { ActiveState: 'active', Slice: 'machine-test.slice', ControlGroup: path, Delegate: 'yes' }
    const expected = { ...known, ...limits, TimeoutStopUSec: '7s' }
    const { After = '', ...shown } = systemd.show(unit, 'After', ...Object.keys(expected))
    assert.deepEqual(shown, expected)
    assert.match(After, /dbus\.service/)
    assert.deepEqual(cgroupFiles(path, 'pids.max', 'cpu.max'), ['50', '25000 50000'])

    quietly('start', 'c1')
    const [pid, ...others] = cgroupFiles(path, 'cgroup.procs')
    assert.deepEqual(others, [])
    assert.equal(JSON.parse(runtime('state', 'c1').stdout).pid, Number(pid))
    assert.match(runtime('exec', 'c1', 'cat', '/proc/self/cgroup').stdout, /engine-one\.scope\n$/)

    quietly('update', '--memory', `${56 << 20}`, '--pids-limit', '20', '--cpu-share', '1024', 'c1')
    const changed = { ...limits, MemoryMax: `${56 << 20}`, TasksMax: '20', CPUWeight: '100' }
    assert.deepEqual(systemd.show(unit, ...Object.keys(limits)), changed)
    systemd.nearby('systemctl', 'daemon-reload')
    assert.deepEqual(cgroupFiles(path, 'memory.max', 'pids.max', 'cpu.weight', 'memory.high'), [
      `${56 << 20}`,
      '20',
      '100',
      '50331648',
    ])

    quietly('delete', '--force', 'c1')
    await isForgotten(unit)
  })

  test('run: one process is allowed, and is alone; nothing stays', async () => {
    configure(
      ['cat', '/proc/self/cgroup', '/sys/fs/cgroup/pids.max'],
      { pids: { limit: 1 } },
      {
        mounts: [
          { destination: '/proc', type: 'proc', source: 'proc' },
          { destination: '/sys', type: 'tmpfs', source: 'tmpfs' },
          { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup' },
        ],
        linux: {
          namespaces: (['pid', 'mount', 'network', 'cgroup'] as const).map((type) => ({ type })),
          cgroupsPath: 'machine.slice:engine:two',
        },
      },
    )
    for (const _ of ['once', 'and again, under the same name']) {
      const { status, stdout, stderr } = runtime('run', '--bundle', bundle, 'c2')
      assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '0::/\n1\n', stderr: '' })
    }
    await isForgotten('engine-two.scope')
  })

  test('a container that is not made leaves no scope; its program has not run', async () => {
    configure(['no-such-program'], {}, { linux: { cgroupsPath: 'machine.slice:engine:three' } })
    const { status, stderr } = runtime('create', '--bundle', bundle, 'c3')
    assert.equal(status, 1)
    assert.match(stderr, /executable file not found in \$PATH/)
    await isForgotten('engine-three.scope')
  })

  test('without a path: a scope of the system slice; other paths are refused in runc’s words', () => {
    configure(['sleep', '1000'], {})
    quietly('run', '--detach', '--bundle', bundle, 'c4')
    const { ControlGroup } = systemd.show('tinyctr-c4.scope', 'ControlGroup')
    assert.equal(ControlGroup, '/system.slice/tinyctr-c4.scope')
    quietly('delete', '--force', 'c4')
    for (const [path, words] of [
      ['/not/a/triple', /expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got/],
      ['a--b.slice:x:y', /invalid slice name: a--b\.slice/],
    ] as const) {
      configure(['true'], {}, { linux: { cgroupsPath: path } })
      const { status, stderr } = runtime('create', '--bundle', bundle, 'c5')
      assert.equal(status, 1)
      assert.match(stderr, words)
    }
  })

  test('out of memory: the scope that failed is forgotten', async () => {
    configure(
      ['sh', '-c', 'tail /dev/zero'],
      { memory: { limit: 8 << 20, swap: 8 << 20 } },
      {
        linux: { cgroupsPath: 'machine.slice:engine:four', devices: [] },
      },
    )
    runtime('run', '--bundle', bundle, 'c6')
    await isForgotten('engine-four.scope')
  })
})
