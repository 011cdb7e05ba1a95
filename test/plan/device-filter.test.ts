/** The device filter: interpreted, against a naive reading of the rules; and asked by a real kernel. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmdirSync } from 'node:fs'
import { test } from 'node:test'
import { BPF, BPF_CGROUP, BPF_PROG_TYPE } from '../../src/linux/abi/flags.ts'
import { call } from '../../src/linux/call.ts'
import { readHost } from '../../src/linux/host.ts'
import type { DeviceRule } from '../../src/oci/runtime-spec.ts'
import { compileDeviceFilter, deviceFilterSteps, withoutMknod } from '../../src/plan/device-filter.ts'
import { slot } from '../../src/plan/step.ts'
import { runDeviceFilter } from './ebpf-interpreter.ts'
import { HOST, leastConfig } from './plan-inputs.ts'

const MKNOD = 1
const READ = 2
const WRITE = 4
const LETTERS = { m: MKNOD, r: READ, w: WRITE } as const
const TYPES = { b: 1, c: 2 } as const

/** For each thing that is asked for, the last rule that names it decides. */
function reference(
  rules: readonly DeviceRule[],
  type: 'b' | 'c',
  major: number,
  minor: number,
  access: number,
) {
  return Object.entries(LETTERS).every(([letter, bit]) => {
    if ((access & bit) === 0) return true
    const last = rules.findLast(
      (rule) =>
        (rule.type === undefined || rule.type === 'a' || rule.type === type) &&
        (rule.major === undefined || rule.major < 0 || rule.major === major) &&
        (rule.minor === undefined || rule.minor < 0 || rule.minor === minor) &&
        (rule.access || 'rwm').includes(letter),
    )
    return last?.allow === true
  })
}

const deny: DeviceRule = { allow: false, access: 'rwm' }
const TABLE: Record<string, DeviceRule[]> = {
  'no rule': [],
  'deny all': [deny],
  'allow all': [{ allow: true }],
  'allow all, then deny all': [{ allow: true }, deny],
  'one device': [deny, { allow: true, type: 'c', major: 1, minor: 3, access: 'rw' }],
  'all minors': [deny, { allow: true, type: 'b', major: 8, access: 'r' }],
  'all minors, as -1': [deny, { allow: true, type: 'b', major: 8, minor: -1, access: 'm' }],
  'all majors': [deny, { allow: true, type: 'c', minor: 3, access: 'w' }],
  'any type by name': [deny, { allow: true, type: 'a', major: 1, minor: 3, access: 'rwm' }],
  'two rules together allow reading and writing': [
    deny,
    { allow: true, type: 'c', major: 1, minor: 3, access: 'r' },
    { allow: true, type: 'c', major: 1, minor: 3, access: 'w' },
  ],
  'denied writing is denied for who reads and writes': [
    { allow: true },
    { allow: false, type: 'c', major: 1, minor: 3, access: 'w' },
  ],
  'a later allow mends an earlier deny': [
    { allow: false, type: 'c', major: 1, minor: 3, access: 'rw' },
    { allow: true, type: 'c', major: 1, minor: 3, access: 'r' },
    { allow: true, type: 'b', access: 'm' },
  ],
  'mknod of everything': [
    deny,
    { allow: true, access: 'm' },
    { allow: false, type: 'b', major: 8, access: 'm' },
  ],
}

for (const [name, rules] of Object.entries(TABLE)) {
  test(`rules: ${name}`, () => {
    const program = compileDeviceFilter(rules)
    for (const type of ['b', 'c'] as const)
      for (const major of [0, 1, 3, 8, 0xfff])
        for (const minor of [0, 1, 3, 8, 0xfffff])
          for (let access = 1; access <= (MKNOD | READ | WRITE); access++)
            assert.equal(
              runDeviceFilter(program, { type: TYPES[type], access, major, minor }) === 1,
              reference(rules, type, major, minor, access),
              JSON.stringify({ type, major, minor, access }),
            )
  })
}

const withRules = (devices: DeviceRule[]) => leastConfig({ linux: { resources: { devices } } })

test('no filter where nothing is restricted, or where the kernel has none', () => {
  const cgroup = slot('cgroup')
  assert.deepEqual(deviceFilterSteps(leastConfig(), HOST, cgroup), [])
  assert.deepEqual(deviceFilterSteps(withRules([deny, { allow: true, type: 'a' }]), HOST, cgroup), [])
  assert.deepEqual(deviceFilterSteps(withRules([deny]), { ...HOST, cgroupBpf: false }, cgroup), [])
  assert.equal(deviceFilterSteps(withRules([deny]), HOST, cgroup).length, 2)
})

test('where the kernel has none, nobody can make a device', () => {
  const all = ['CAP_CHOWN', 'CAP_MKNOD']
  const config = {
    ...withRules([deny]),
    process: { cwd: '/', args: ['x'], capabilities: { bounding: all, permitted: all } },
  }
  const host = { ...HOST, cgroupBpf: false }
  const sets = { bounding: ['CAP_CHOWN'], permitted: ['CAP_CHOWN'] }
  assert.deepEqual(withoutMknod(config, host).process?.capabilities, sets)
  assert.equal(withoutMknod(config, HOST), config)
  const free = { ...config, linux: { resources: { devices: [{ allow: true }] } } }
  assert.equal(withoutMknod(free, host), free)
})

const host = readHost(leastConfig(), '/')
const skip =
  process.getuid?.() !== 0 ? 'needs root' : host.cgroupBpf ? false : 'needs a kernel with CONFIG_CGROUP_BPF'

test('a real cgroup asks it', { skip }, () => {
  const rules = [
    { allow: true },
    { allow: false, type: 'c', major: 1, minor: 5, access: 'w' },
    { allow: false, type: 'c', major: 1, minor: 7, access: 'rwm' },
  ] satisfies DeviceRule[]
  const folder = `${host.cgroup?.mount}/tinyctr-device-filter-${process.pid}`
  mkdirSync(folder)
  try {
    const directory = call('openat', [-100, folder, 0o200000, 0])
    const insns = compileDeviceFilter(rules)
    const fields = {
      prog_type: BPF_PROG_TYPE.CGROUP_DEVICE,
      insn_cnt: insns.length / 8,
      insns,
      license: 'MIT',
    }
    const program = call('bpf', [BPF.PROG_LOAD, { struct: 'bpf_prog_load', fields }])
    const attach = { target_fd: directory, attach_bpf_fd: program, attach_type: BPF_CGROUP.DEVICE }
    call('bpf', [BPF.PROG_ATTACH, { struct: 'bpf_prog_attach', fields: attach }])
    const script = `echo $$ >${folder}/cgroup.procs
      try() { if "$@" 2>/dev/null; then printf y; else printf n; fi; }
      write() (true >$1); read_() (true <$1); both() (true <>$1)
      for file in zero full null; do try write /dev/$file; try read_ /dev/$file; try both /dev/$file; done
      echo $$ >${host.cgroup?.mount}/cgroup.procs`
    const { stdout, stderr } = spawnSync('/bin/busybox', ['sh', '-c', script], { encoding: 'utf8' })
    assert.equal(stdout, 'nynnnnyyy', stderr)
    call('close', [program])
    call('close', [directory])
  } finally {
    rmdirSync(folder)
  }
})
