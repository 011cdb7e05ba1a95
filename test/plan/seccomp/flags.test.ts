import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seccompDigestInput } from '../../../src/plan/seccomp/digest.ts'
import { SECCOMP_FILTER_FLAG as FLAG, seccompFlags } from '../../../src/plan/seccomp/flags.ts'
import { printFilter } from '../../../src/plan/seccomp/print.ts'
import type { Seccomp } from '../../../src/plan/seccomp/rules.ts'
import { compileSeccomp } from '../../../src/plan/seccomp.ts'

const ALLOW: Seccomp = { defaultAction: 'SCMP_ACT_ALLOW' }
const notify = (names: string[], more: Partial<Seccomp> = {}): Seccomp => ({
  ...ALLOW,
  syscalls: [{ names, action: 'SCMP_ACT_NOTIFY' }],
  ...more,
})
const listenerPath = '/run/agent.sock'

test('flags as runc gives them to the kernel', () => {
  assert.equal(seccompFlags(ALLOW), FLAG.SPEC_ALLOW)
  assert.equal(seccompFlags({ ...ALLOW, flags: [] }), 0)
  assert.equal(seccompFlags({ ...ALLOW, flags: ['SECCOMP_FILTER_FLAG_TSYNC'] }), 0)
  assert.equal(seccompFlags({ ...ALLOW, flags: ['SECCOMP_FILTER_FLAG_LOG'] }), FLAG.LOG)
  assert.equal(seccompFlags(notify(['mkdir'], { listenerPath })), FLAG.NEW_LISTENER | FLAG.SPEC_ALLOW)
  const killable = notify(['mkdir'], { listenerPath, flags: ['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'] })
  assert.equal(seccompFlags(killable), FLAG.NEW_LISTENER | FLAG.WAIT_KILLABLE_RECV)
})

test('what cannot work is refused at its place', () => {
  const cases: [Seccomp, string][] = [
    [{ defaultAction: 'SCMP_ACT_NOTIFY', listenerPath }, '/defaultAction'],
    [notify(['mkdir']), '/syscalls/0/action'],
    [notify(['read', 'write'], { listenerPath }), '/syscalls/0/names/1'],
    [{ ...ALLOW, listenerMetadata: 'x' }, '/listenerMetadata'],
    [{ ...ALLOW, flags: ['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'] }, '/flags/0'],
    [{ ...ALLOW, flags: ['SECCOMP_FILTER_FLAG_NEW_LISTENER'] }, '/flags/0'],
  ]
  for (const [seccomp, at] of cases) {
    assert.throws(() => seccompFlags(seccomp), { name: 'ConfigError', at: `/linux/seccomp${at}` }, at)
  }
})

test('what cannot be compiled is refused at its place', () => {
  const rule = (more: object): Seccomp => ({
    ...ALLOW,
    syscalls: [{ names: ['read'], action: 'SCMP_ACT_ERRNO', ...more }],
  })
  const argument = (more: object) => rule({ args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ', ...more }] })
  const cases: [Seccomp, string][] = [
    [{ defaultAction: 'SCMP_ACT_MAYBE' }, '/defaultAction'],
    [{ ...ALLOW, defaultErrnoRet: 1 }, '/defaultErrnoRet'],
    [{ ...ALLOW, architectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_VAX'] }, '/architectures/1'],
    [rule({ action: 'ERRNO' }), '/syscalls/0/action'],
    [rule({ errnoRet: 4096 }), '/syscalls/0/errnoRet'],
    [argument({ index: 6 }), '/syscalls/0/args/0/index'],
    [argument({ op: '==' }), '/syscalls/0/args/0/op'],
    [argument({ value: -1 }), '/syscalls/0/args/0/value'],
    [argument({ value: 2 ** 60 }), '/syscalls/0/args/0/value'],
    [argument({ op: 'SCMP_CMP_MASKED_EQ', valueTwo: 2n ** 65n }), '/syscalls/0/args/0/valueTwo'],
  ]
  for (const [seccomp, at] of cases) {
    const error = { name: 'ConfigError', at: `/linux/seccomp${at}` }
    assert.throws(() => compileSeccomp(seccomp, 'SCMP_ARCH_X86_64'), error, at)
  }
  const values = Array.from({ length: 5000 }, (_, index) => ({
    index: 0,
    op: 'SCMP_CMP_EQ',
    value: index * 2,
  }))
  assert.throws(
    () => compileSeccomp(rule({ args: values }), 'SCMP_ARCH_X86_64'),
    /takes \d+ BPF instructions/,
  )
})

test('what is hashed tells profiles and machines apart', () => {
  const of = (seccomp: Seccomp, native: 'SCMP_ARCH_X86_64' | 'SCMP_ARCH_AARCH64' = 'SCMP_ARCH_X86_64') =>
    seccompDigestInput(seccomp, native)
  const big = {
    names: ['read'],
    action: 'SCMP_ACT_ERRNO',
    args: [{ index: 0, op: 'SCMP_CMP_EQ', value: 2n ** 63n }],
  }
  const digests = [
    of(ALLOW),
    of(ALLOW, 'SCMP_ARCH_AARCH64'),
    of(notify(['a'])),
    of(notify(['b'])),
    of({ ...ALLOW, syscalls: [big] }),
  ]
  assert.equal(new Set(digests).size, digests.length)
  assert.equal(of(ALLOW), of({ ...ALLOW }))
})

test('a printed filter', () => {
  const seccomp: Seccomp = {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      { names: ['read', 'write'], action: 'SCMP_ACT_ALLOW' },
      {
        names: ['clone'],
        action: 'SCMP_ACT_ALLOW',
        args: [{ index: 0, value: 0x7e020000, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
      },
    ],
  }
  const printed = printFilter(compileSeccomp(seccomp, 'SCMP_ARCH_X86_64'))
  assert.deepEqual(printed.trimEnd().split('\n'), [
    '   0  load arch',
    '   1  unless arch == SCMP_ARCH_X86_64 go 11',
    '   2  load nr',
    '   3  if nr >= 56 clone go 5',
    '   4  if nr >= 2 open go 12 else 10',
    '   5  unless nr >= 57 fork go 8',
    '   6  if nr >= __X32_SYSCALL_BIT go 11',
    '   7  return ERRNO 38',
    '   8  load args[0].low',
    '   9  if args[0].low has a bit of 0x7e020000 go 12',
    '  10  return ALLOW',
    '  11  return KILL_THREAD',
    '  12  return ERRNO 1',
  ])
})
