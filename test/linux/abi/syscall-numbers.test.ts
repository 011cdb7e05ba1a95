import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import {
  type SeccompArchitecture,
  seccompArch,
  seccompArchitectures,
} from '../../../src/linux/abi/seccomp-arch.ts'
import { eachSyscall, syscallNumbers } from '../../../src/linux/abi/syscall-numbers/parse.ts'

test('numbers ascend, names are given once, aliases are neighbours', () => {
  for (const architecture of seccompArchitectures) {
    const names = new Set<string>()
    let last = -1
    eachSyscall(architecture, (name, number) => {
      assert.match(name, /^[a-z_][a-z0-9_]*$/)
      assert.ok(number >= last, `${architecture} ${name}`)
      assert.ok(!names.has(name), `${architecture} ${name}`)
      names.add(name)
      last = number
    })
    assert.ok(names.size > 300, architecture)
    const numbers = syscallNumbers(architecture)
    assert.equal(numbers.get('mseal'), seccompArch(architecture).numberBase + 462)
  }
})

test('numbers known by heart', () => {
  const cases: [SeccompArchitecture, string, number | undefined][] = [
    ['SCMP_ARCH_X86_64', 'execve', 59],
    ['SCMP_ARCH_X86_64', 'uretprobe', 335],
    ['SCMP_ARCH_X86', 'socketcall', 102],
    ['SCMP_ARCH_X32', 'execve', 0x40000000 + 520],
    ['SCMP_ARCH_X32', 'read', 0x40000000],
    ['SCMP_ARCH_AARCH64', 'openat', 56],
    ['SCMP_ARCH_AARCH64', 'open', undefined],
    ['SCMP_ARCH_ARM', 'set_tls', 0xf0005],
    ['SCMP_ARCH_LOONGARCH64', 'renameat', undefined],
    ['SCMP_ARCH_MIPS', 'read', 4003],
    ['SCMP_ARCH_MIPSEL64', 'read', 5000],
    ['SCMP_ARCH_RISCV64', 'riscv_flush_icache', 259],
    ['SCMP_ARCH_S390X', 'exit', 1],
  ]
  for (const [architecture, name, number] of cases) {
    assert.equal(syscallNumbers(architecture).get(name), number, `${architecture} ${name}`)
  }
})

/** Kernel headers that may be installed here, and what their compiler defines. */
const HEADERS: [SeccompArchitecture, string, string[]][] = [
  ['SCMP_ARCH_X86_64', '/usr/include/x86_64-linux-gnu', ['-D__x86_64__', '-D__LP64__']],
  ['SCMP_ARCH_X86', '/usr/include/x86_64-linux-gnu', ['-D__i386__']],
  ['SCMP_ARCH_X32', '/usr/include/x86_64-linux-gnu', ['-D__x86_64__', '-D__ILP32__']],
  ['SCMP_ARCH_AARCH64', '/usr/include/aarch64-linux-gnu', ['-D__aarch64__', '-D__LP64__']],
  ['SCMP_ARCH_AARCH64', '/usr/aarch64-linux-gnu/include', ['-D__aarch64__', '-D__LP64__']],
]

for (const [architecture, folder, defines] of HEADERS) {
  const skip = !existsSync(`${folder}/asm/unistd.h`) && 'needs its kernel headers'
  test(`${architecture} as in ${folder}`, { skip }, () => {
    const preprocess = (flags: string[], source: string) => {
      const include = ['-nostdinc', '-undef', `-I${folder}`, '-I/usr/include']
      const { status, stdout } = spawnSync('gcc', ['-E', '-P', ...flags, ...include, ...defines, '-'], {
        input: `#include <asm/unistd.h>\n${source}`,
        encoding: 'utf8',
      })
      assert.equal(status, 0)
      return stdout
    }
    const found = preprocess(['-dM'], '').matchAll(/^#define __NR_([a-z_][a-z0-9_]*) /gm)
    const names = [...found]
      .map(([, name]) => name!)
      .filter((name) => !/^(syscalls|arch_specific_syscall)$/.test(name))
    const ours = syscallNumbers(architecture)
    let compared = 0
    for (const line of preprocess([], names.map((name) => `"${name}" __NR_${name}`).join('\n')).split('\n')) {
      const [, name, base, offset] = /^"(\w+)" (?:\((\w+) \+ (\d+)\)|\d+)$/.exec(line) ?? []
      if (!name) continue
      const number = offset ? Number(base) + Number(offset) : Number(line.split(' ')[1])
      assert.equal(ours.get(name), number, name)
      compared++
    }
    assert.ok(compared > 300, `${compared}`)
  })
}
