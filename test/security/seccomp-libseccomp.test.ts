/** Verdicts of tinyctr's filters against those of libseccomp's, which runc and crun use. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { seccompArch } from '../../src/linux/abi/seccomp-arch.ts'
import { syscallNumbers } from '../../src/linux/abi/syscall-numbers/parse.ts'
import type { Seccomp } from '../../src/plan/seccomp/rules.ts'
import { compileSeccomp } from '../../src/plan/seccomp.ts'
import { runFilter } from '../plan/bpf-interpreter.ts'

const X64 = 'SCMP_ARCH_X86_64'
const ARCHITECTURES = [X64, 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'] as const
const ENOSYS = 0x50000 + 38

/** undefined: no Python, no libseccomp, or not x86-64. */
function libseccomp(profile: unknown): { unknown: string[]; refused: boolean; filter: string } | undefined {
  if (process.arch !== 'x64') return undefined
  const { status, stdout } = spawnSync('python3', ['test/security/libseccomp-filter.py'], {
    input: JSON.stringify(profile),
    encoding: 'utf8',
  })
  return status === 0 ? JSON.parse(stdout) : undefined
}
const missing = libseccomp({ defaultAction: 'SCMP_ACT_ALLOW' }) === undefined
const skip = missing && 'needs python3 and libseccomp on x86-64'

const docker = JSON.parse(readFileSync('src/engine/config/default-seccomp.json', 'utf8'))
const INTERESTING = [0n, 1n, 8n, 37n, 38n, 39n, 40n, 41n, 0x20000n, 0x20008n, 0x7e020000n, 0xffffffffn]
const VALUES = [...INTERESTING, ...INTERESTING.map((value) => value + (3n << 32n))]

/** Names that libseccomp is too old for, out: it answers their numbers with the default action. */
function known(profile: Seccomp): Seccomp {
  // The kernel has no map_shadow_stack for x32; our shared list gives every call from 424 on to all.
  const unknown = new Set([...libseccomp(profile)!.unknown, 'map_shadow_stack'])
  const syscalls = (profile.syscalls ?? []).map((rule) => ({
    ...rule,
    names: rule.names.filter((name) => !unknown.has(name)),
  }))
  return { ...profile, syscalls }
}

function compare(profile: Seccomp, hasStub: boolean, onlyArguments = false) {
  const theirs = Buffer.from(libseccomp(profile)!.filter, 'hex')
  const ours = compileSeccomp(profile, X64)
  let compared = 0
  for (const architecture of [...ARCHITECTURES, 'SCMP_ARCH_ARM'] as const) {
    const { audit, numberBase } = seccompArch(architecture)
    const argumentNumbers = new Set(
      ['socket', 'personality', 'clone', 'socketcall'].map((name) => syscallNumbers(architecture).get(name)),
    )
    for (let offset = 0; offset < 600; offset++) {
      const number = numberBase + offset
      if (onlyArguments && !argumentNumbers.has(number)) continue
      for (const first of argumentNumbers.has(number) ? VALUES : [0n]) {
        for (const second of argumentNumbers.has(number) ? VALUES : [0n]) {
          const call = { audit, number, bigEndian: false, args: [first, second, 0n, 0n, 0n, 0n] }
          const got = runFilter(ours, call)
          if (hasStub && got === ENOSYS) continue
          const want = runFilter(theirs, call)
          if (got !== want) assert.equal(got, want, `${architecture} ${number} (${first}, ${second})`)
          compared++
        }
      }
    }
  }
  assert.ok(compared > 1500, `${compared}`)
}

test("Docker's profile means the same to libseccomp", { skip }, () => {
  const base = { ...docker, architectures: ARCHITECTURES }
  compare(known(base), true)
  const syscalls = docker.syscalls.filter(
    ({ includes }: { includes?: { caps?: string[]; arches?: string[] } }) =>
      !includes?.caps && (!includes?.arches || includes.arches.includes('amd64')),
  )
  compare(known({ ...base, syscalls }), true)
})

test('each operator on each word means the same to libseccomp', { skip }, () => {
  for (const operator of ['NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ']) {
    for (const value of [0, 39, 3 * 2 ** 32 + 39]) {
      const rule = (index: number, action: string, names: string[]) => ({
        names,
        action,
        args: [{ index, op: `SCMP_CMP_${operator}`, value, valueTwo: 1 }],
      })
      const profile = {
        defaultAction: 'SCMP_ACT_LOG',
        architectures: ARCHITECTURES,
        syscalls: [
          rule(0, 'SCMP_ACT_ERRNO', ['socket', 'clone']),
          rule(1, 'SCMP_ACT_KILL_PROCESS', ['personality']),
        ],
      }
      compare(profile, false, true)
    }
  }
})
