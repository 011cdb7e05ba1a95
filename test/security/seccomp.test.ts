/** Compiled filters in the kernel: what really happens to calls, also to 32-bit ones. No root needed. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { resolveSeccompProfile } from '../../src/engine/config/seccomp-profile.ts'
import { seccompFlags } from '../../src/plan/seccomp/flags.ts'
import type { Seccomp } from '../../src/plan/seccomp/rules.ts'
import { compileSeccomp } from '../../src/plan/seccomp.ts'

const X64 = 'SCMP_ARCH_X86_64'
const X32_BIT = 0x40000000
const skip = process.arch !== 'x64' && 'the probe makes x86 calls'

const scratch = mkdtempSync(join(tmpdir(), 'seccomp-'))
after(() => rmSync(scratch, { recursive: true }))
const probe = join(scratch, 'probe')
if (!skip) {
  const { status, stderr } = spawnSync(
    'gcc',
    ['-O1', '-Wall', '-Wextra', '-Werror', '-o', probe, 'test/security/seccomp-probe.c'],
    { encoding: 'utf8' },
  )
  assert.equal(status, 0, stderr)
}

type Call = readonly [what: string, abi: 64 | 32, number: number, args: readonly number[], outcome: RegExp]

function observe(filter: Uint8Array, flags: number, calls: readonly Call[]): string[] {
  const path = join(scratch, 'filter')
  writeFileSync(path, filter)
  const input = calls.map(([, abi, number, args]) =>
    [abi, number, ...[0, 1, 2].map((i) => args[i] ?? 0)].join(' '),
  )
  const { status, stdout } = spawnSync(probe, [path, String(flags)], {
    input: `${input.join('\n')}\n`,
    encoding: 'utf8',
  })
  assert.equal(status, 0, 'the kernel refused the filter')
  return stdout.trim().split('\n')
}

function check(seccomp: Seccomp, calls: readonly Call[]) {
  const seen = observe(compileSeccomp(seccomp, X64), seccompFlags(seccomp), calls)
  for (const [index, [what, , , , outcome]] of calls.entries()) assert.match(seen[index]!, outcome, what)
}

const WORKS = /^= (?!-1$|-38$)/
const EPERM = /^= -1$/
const ENOSYS = /^= -38$/
const KILLED = /^killed 31$/
const GETPID: Call = ['getpid', 64, 39, [], WORKS]

test("Docker's default profile", { skip }, () => {
  const seccomp = resolveSeccompProfile(
    JSON.parse(readFileSync('src/engine/config/default-seccomp.json', 'utf8')),
    {
      capabilities: [],
      architecture: 'amd64',
      kernelRelease: '6.1.0',
    },
  )
  check(seccomp, [
    GETPID,
    ['getpid of a 32-bit process', 32, 20, [], WORKS],
    ['arch_prctl(ARCH_GET_FS, null)', 64, 158, [0x1003], WORKS],
    ['mount', 64, 165, [], EPERM],
    ['mount of a 32-bit process', 32, 21, [], EPERM],
    ['mount of x32', 64, X32_BIT + 165, [], EPERM],
    ['keyctl', 64, 250, [], EPERM],
    ['bpf', 64, 321, [], EPERM],
    ['clone3: glibc falls back to clone', 64, 435, [], ENOSYS],
    ['unshare(CLONE_NEWUSER)', 64, 272, [0x10000000], EPERM],
    ['clone(CLONE_NEWUSER)', 64, 56, [0x10000000], EPERM],
    ['clone of a 32-bit process(CLONE_NEWUSER)', 32, 120, [0x10000000], EPERM],
    ['socket(AF_UNIX)', 64, 41, [1, 1], WORKS],
    ['socket(AF_ALG)', 64, 41, [38, 5], EPERM],
    ['socket(AF_VSOCK)', 64, 41, [40, 1], EPERM],
    ['socket(AF_VSOCK) of a 32-bit process', 32, 359, [40, 1], EPERM],
    ['socket(AF_VSOCK) with rubbish in the upper word', 64, 41, [40 + 2 ** 32, 1], WORKS],
    ['personality(PER_LINUX)', 64, 135, [0], WORKS],
    ['personality(READ_IMPLIES_EXEC)', 64, 135, [0x400000], EPERM],
    ['a call newer than the profile', 64, 480, [], ENOSYS],
    ['a number that no kernel has', 64, 0x3fffffff, [], ENOSYS],
    ['the same of a 32-bit process', 32, 0x3fffffff, [], ENOSYS],
  ])
})

test('actions', { skip }, () => {
  const rule = (name: string, action: string, errnoRet?: number) =>
    ({
      names: [name],
      action: `SCMP_ACT_${action}`,
      ...(errnoRet === undefined ? {} : { errnoRet }),
    }) as const
  const seccomp: Seccomp = {
    defaultAction: 'SCMP_ACT_ALLOW',
    flags: ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_TSYNC'],
    syscalls: [
      rule('getuid', 'ERRNO', 55),
      rule('getgid', 'ERRNO'),
      rule('geteuid', 'KILL'),
      rule('getegid', 'KILL_PROCESS'),
      rule('getppid', 'TRAP'),
      rule('getsid', 'TRACE'),
      rule('umask', 'LOG'),
    ],
  }
  check(seccomp, [
    GETPID,
    ['errno', 64, 102, [], /^= -55$/],
    ['errno by default', 64, 104, [], EPERM],
    ['kill', 64, 107, [], KILLED],
    ['kill process', 64, 108, [], KILLED],
    ['trap without a handler', 64, 110, [], KILLED],
    ['trace without a tracer', 64, 124, [], ENOSYS],
    ['log', 64, 95, [0o22], WORKS],
    ['another architecture', 32, 20, [], KILLED],
    ['x32', 64, X32_BIT + 39, [], KILLED],
  ])
})

test('a profile of a thousand argument rules loads', { skip }, () => {
  const values = Array.from({ length: 1000 }, (_, index) => index * 3)
  const seccomp: Seccomp = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: values.map((value) => ({
      names: ['getpgid'],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: 55,
      args: [{ index: 0, op: 'SCMP_CMP_EQ', value: value + 2 ** 40 }],
    })),
  }
  check(seccomp, [
    ['first', 64, 121, [2 ** 40], /^= -55$/],
    ['last', 64, 121, [2 ** 40 + 2997], /^= -55$/],
    ['between', 64, 121, [2 ** 40 + 1498], /^= (?!-55)/],
    GETPID,
  ])
})
