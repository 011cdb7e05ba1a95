import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { resolveSeccompProfile, type SeccompHost } from '../../../src/engine/config/seccomp-profile.ts'

const docker = JSON.parse(readFileSync('src/engine/config/default-seccomp.json', 'utf8'))
const HOST: SeccompHost = {
  capabilities: ['CAP_CHOWN', 'CAP_SYS_CHROOT'],
  architecture: 'amd64',
  kernelRelease: '6.18.44-cloud',
}
const names = (host: Partial<SeccompHost>) =>
  new Set(resolveSeccompProfile(docker, { ...HOST, ...host }).syscalls!.flatMap((rule) => rule.names))

test('a container without added capabilities', () => {
  const seccomp = resolveSeccompProfile(docker, HOST)
  assert.deepEqual(seccomp.architectures, ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'])
  assert.equal(seccomp.defaultErrnoRet, 1)
  const allowed = names({})
  for (const name of ['arch_prctl', 'modify_ldt', 'chroot', 'ptrace']) assert.ok(allowed.has(name), name)
  for (const name of ['mount', 'reboot', 's390_runtime_instr', 'bpf']) assert.ok(!allowed.has(name), name)
  const clone3 = seccomp.syscalls!.find((rule) => rule.names.includes('clone3'))
  assert.deepEqual(clone3, { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 })
  assert.ok(
    seccomp.syscalls!.every((rule) => !('includes' in rule || 'excludes' in rule || 'comment' in rule)),
  )
})

test('capabilities, architecture and kernel choose rules', () => {
  const admin = resolveSeccompProfile(docker, { ...HOST, capabilities: ['CAP_SYS_ADMIN'] }).syscalls!
  assert.ok(admin.some((rule) => rule.names.includes('mount') && rule.action === 'SCMP_ACT_ALLOW'))
  assert.ok(!admin.some((rule) => rule.names.includes('clone3') && rule.action === 'SCMP_ACT_ERRNO'))
  assert.ok(!names({ kernelRelease: '4.7.9' }).has('ptrace'))
  assert.ok(names({ kernelRelease: '4.8.0-1-amd64' }).has('ptrace'))
  assert.ok(!names({ architecture: 'arm64' }).has('arch_prctl'))
  assert.ok(names({ architecture: 'arm64' }).has('set_tls'))
  const { architectures } = resolveSeccompProfile(docker, { ...HOST, architecture: 'arm64' })
  assert.deepEqual(architectures, ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'])
  const [s390] = resolveSeccompProfile(docker, { ...HOST, architecture: 's390x' }).syscalls!.filter((rule) =>
    rule.names.includes('clone'),
  )
  assert.equal(s390!.args![0]!.index, 1)
})

test('an OCI profile comes back as it is', () => {
  const profile = {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: ['SCMP_ARCH_AARCH64'],
    flags: ['SECCOMP_FILTER_FLAG_LOG'],
    syscalls: [{ names: ['acct'], action: 'SCMP_ACT_ERRNO', errnoRet: 5, args: [] }],
  }
  assert.deepEqual(resolveSeccompProfile(profile, HOST), profile)
})

test('a bad profile is refused at its place', () => {
  const rule = (fields: object) => ({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['acct'], action: 'SCMP_ACT_ERRNO', ...fields }],
  })
  const cases: [unknown, string][] = [
    [[], ''],
    [{}, '/defaultAction'],
    [{ defaultAction: 'SCMP_ACT_ALLOW', syscalls: {} }, '/syscalls'],
    [{ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [7] }, '/syscalls/0'],
    [
      {
        defaultAction: 'SCMP_ACT_ALLOW',
        architectures: ['SCMP_ARCH_X86'],
        archMap: [{ architecture: 'SCMP_ARCH_X86' }],
      },
      '/archMap',
    ],
    [{ defaultAction: 'SCMP_ACT_ALLOW', archMap: [{}] }, '/archMap/0/architecture'],
    [rule({ names: undefined }), '/syscalls/0/names'],
    [rule({ names: ['a', 3] }), '/syscalls/0/names/1'],
    [rule({ name: 'acct' }), '/syscalls/0/name'],
    [rule({ action: undefined }), '/syscalls/0/action'],
    [rule({ errnoRet: -1 }), '/syscalls/0/errnoRet'],
    [rule({ args: [{ index: 0, value: 'x', op: 'SCMP_CMP_EQ' }] }), '/syscalls/0/args/0/value'],
    [rule({ includes: { minKernel: 'new' } }), '/syscalls/0/includes/minKernel'],
    [rule({ excludes: { caps: 'CAP_CHOWN' } }), '/syscalls/0/excludes/caps'],
  ]
  for (const [profile, at] of cases) {
    assert.throws(() => resolveSeccompProfile(profile, HOST), { name: 'ConfigError', at }, at)
  }
})
