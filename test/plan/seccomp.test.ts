import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  type SeccompArchitecture,
  seccompArch,
  seccompArchitectures,
} from '../../src/linux/abi/seccomp-arch.ts'
import { syscallNumbers } from '../../src/linux/abi/syscall-numbers/parse.ts'
import type { Seccomp, SeccompArgument, SeccompSyscall } from '../../src/plan/seccomp/rules.ts'
import { compileSeccomp } from '../../src/plan/seccomp.ts'
import { runFilter } from './bpf-interpreter.ts'
import { reference } from './seccomp-reference.ts'

const X64 = 'SCMP_ARCH_X86_64'
const NO_ARGS = [0n, 0n, 0n, 0n, 0n, 0n]
const docker = JSON.parse(readFileSync('src/engine/config/default-seccomp.json', 'utf8'))

function compare(seccomp: Seccomp, native: SeccompArchitecture, program: Uint8Array, calls: Iterable<Call>) {
  const verdict = reference(seccomp, native)
  for (const { architecture, number, args } of calls) {
    const { audit, bigEndian } = seccompArch(architecture)
    const got = runFilter(program, { audit, bigEndian, number, args })
    const want = verdict(audit, number, args)
    if (got !== want) {
      const facts = { architecture, number, args, got: got.toString(16), want: want.toString(16) }
      assert.fail(`${JSON.stringify(facts, text)} of ${JSON.stringify(seccomp, text)}`)
    }
  }
}
const text = (_: string, value: unknown) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value)
interface Call {
  architecture: SeccompArchitecture
  number: number
  args: bigint[]
}

/** Numbers 0 to 1100 above each base, and those around every edge. */
function* everyNumber(architecture: SeccompArchitecture, args: bigint[]): Generator<Call> {
  const { numberBase } = seccompArch(architecture)
  for (let number = 0; number <= 1100; number++) {
    yield { architecture, number: numberBase + number, args }
    yield { architecture, number, args }
  }
  const edges = [0x3fffffff, 0x40000000, 0x40000001, 0x7fffffff, 0x80000000, 0xffffffff, 983041, 983046]
  for (const number of edges) yield { architecture, number, args }
}

test("Docker's profile, every number on every architecture", () => {
  for (const native of seccompArchitectures) {
    const seccomp = { ...docker, architectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] }
    const program = compileSeccomp(seccomp, native)
    for (const other of [native, ...seccomp.architectures, 'SCMP_ARCH_RISCV64'] as const)
      compare(seccomp, native, program, everyNumber(other, NO_ARGS))
  }
})

test('one filter for all architectures', () => {
  const seccomp = { ...docker, architectures: seccompArchitectures }
  const program = compileSeccomp(seccomp, X64)
  for (const architecture of seccompArchitectures) {
    compare(
      seccomp,
      X64,
      program,
      [...syscallNumbers(architecture).values()].map((number) => ({ architecture, number, args: NO_ARGS })),
    )
  }
})

test("Docker's argument rules on x86-64, x86, s390x", () => {
  const interesting = [
    0n,
    1n,
    8n,
    16n,
    37n,
    38n,
    39n,
    40n,
    41n,
    0x20000n,
    0x20008n,
    0xffffffffn,
    0x7e020000n,
    0x10000000n,
  ]
  const values = [...interesting, ...interesting.map((value) => value + (1n << 32n)), 2n ** 64n - 1n]
  const architectures = [X64, 'SCMP_ARCH_X86', 'SCMP_ARCH_S390X'] as const
  const seccomp = {
    ...docker,
    architectures,
    syscalls: docker.syscalls.filter((rule: { includes?: { caps?: string[] } }) => !rule.includes?.caps),
  }
  const program = compileSeccomp(seccomp, X64)
  for (const architecture of architectures) {
    for (const name of ['socket', 'personality', 'clone', 'socketcall']) {
      const number = syscallNumbers(architecture).get(name)
      if (number === undefined) continue
      compare(
        seccomp,
        X64,
        program,
        values.flatMap((first) =>
          values.map((second) => ({ architecture, number, args: [first, second, 0n, 0n, 0n, 0n] })),
        ),
      )
    }
  }
})

/** xorshift32: the same profiles on every run. */
function random(seed: number) {
  let state = seed
  const next = (below: number) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
  return { next, pick: <T>(list: readonly T[]): T => list[next(list.length)]! }
}

const NAMES = [
  'read',
  'write',
  'open',
  'socket',
  'socketcall',
  'semop',
  'ipc',
  'clone',
  'mmap',
  'futex',
  'statx',
  'openat2',
  'sync_file_range2',
  'arm_sync_file_range',
  'set_tls',
  'nothing_like_it',
  'execveat',
  'mseal',
  'rt_sigaction',
] as const
const ACTIONS = ['KILL', 'KILL_PROCESS', 'TRAP', 'ERRNO', 'TRACE', 'ALLOW', 'LOG', 'NOTIFY'] as const
const OPERATORS = ['NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ'] as const
const WORDS = [0n, 1n, 2n, 5n, 0x7fffffffn, 0x80000000n, 0xffffffffn]
const VALUES = WORDS.flatMap((high) => WORDS.map((low) => (high << 32n) | low))

function randomProfile(seed: number): Seccomp {
  const { next, pick } = random(seed)
  const action = () => {
    const name = pick(ACTIONS)
    const errnoRet = (name === 'ERRNO' || name === 'TRACE') && next(2) ? next(100) : undefined
    return { action: `SCMP_ACT_${name}`, errnoRet }
  }
  const argument = (): SeccompArgument => ({
    index: next(3),
    op: `SCMP_CMP_${pick(OPERATORS)}`,
    value: pick(VALUES),
    valueTwo: pick(VALUES),
  })
  const rule = (): SeccompSyscall => ({
    names: Array.from({ length: 1 + next(3) }, () => pick(NAMES)),
    ...action(),
    args: Array.from({ length: next(4) }, argument),
  })
  const first = action()
  return {
    defaultAction: first.action,
    defaultErrnoRet: first.errnoRet,
    architectures: Array.from({ length: next(4) }, () => pick(seccompArchitectures)),
    syscalls: Array.from({ length: next(12) }, rule),
  }
}

test('200 random profiles against the rules read one by one', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const seccomp = randomProfile(seed * 7919)
    const { next, pick } = random(seed)
    const native = pick(seccompArchitectures)
    const program = compileSeccomp(seccomp, native)
    const covered = [native, pick(seccompArchitectures), ...(seccomp.architectures as SeccompArchitecture[])]
    const near = (value: bigint) => BigInt.asUintN(64, value + BigInt(next(3) - 1))
    compare(
      seccomp,
      native,
      program,
      covered.flatMap((architecture) =>
        NAMES.flatMap((name) => {
          const number = syscallNumbers(architecture).get(name) ?? next(1000)
          return Array.from({ length: 12 }, () => ({
            architecture,
            number,
            args: NO_ARGS.map(() => (next(3) ? pick(VALUES) : near(pick(VALUES)))),
          }))
        }),
      ),
    )
  }
})
