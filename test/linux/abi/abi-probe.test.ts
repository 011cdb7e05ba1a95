/**
 * Every number of src/linux/abi against the kernel's own headers, per architecture: one C file of static assertions,
 * which a cross compiler checks as well as the machine's own.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { type Architecture, openFlags } from '../../../src/linux/abi/arch.ts'
import { CAPABILITIES } from '../../../src/linux/abi/capability.ts'
import { E, errnoName, errnoNumber } from '../../../src/linux/abi/errno.ts'
import * as flags from '../../../src/linux/abi/flags.ts'
import { ATTRIBUTES, NFTA_LIST_ELEM } from '../../../src/linux/abi/netlink/attributes.ts'
import { MESSAGES } from '../../../src/linux/abi/netlink/messages.ts'
import { constantName } from '../../../src/linux/abi/print-call.ts'
import { SIGRTMAX, signalName, signalNumber } from '../../../src/linux/abi/signal.ts'
import { fieldSize, layoutOf, STRUCTS, type StructName } from '../../../src/linux/abi/structs.ts'
import { SYSCALLS } from '../../../src/linux/abi/syscalls.ts'

const COMPILERS: Record<Architecture, string> = {
  x64: process.arch === 'x64' ? 'cc' : 'x86_64-linux-gnu-gcc',
  arm64: process.arch === 'arm64' ? 'cc' : 'aarch64-linux-gnu-gcc',
}

const KERNEL_HEADERS = [
  'stddef.h',
  ...'errno fcntl ioctls signal termios unistd'.split(' ').map((name) => `asm/${name}.h`),
  ...'bpf capability close_range fcntl filter fs ioprio memfd mempolicy mount openat2 prctl resource sched sched/types seccomp'
    .split(' ')
    .map((name) => `linux/${name}.h`),
  ...'sockios stat un wait xattr if_link rtnetlink netlink neighbour in in6 if_bridge veth net_namespace pkt_sched netfilter netfilter/nfnetlink netfilter/nf_tables'
    .split(' ')
    .map((name) => `linux/${name}.h`),
]

/** What needs the C library's headers, which quarrel with the kernel's: <sys/mount.h> with <linux/mount.h>. */
const LIBC_HEADERS = ['stddef.h', 'sys/mount.h', 'sys/socket.h', 'linux/if.h']
const OF_LIBC = new Set(['MNT', 'UMOUNT', 'AF', 'SOCK', 'SOL', 'SO', 'IFF', 'ifreq'])

/** Constants that Linux 6.1's headers lack, and the release that brought each. Checked where they are known. */
const NEWER: Record<string, string> = {
  MFD_EXEC: '6.3',
  F_SEAL_EXEC: '6.3',
  MOVE_MOUNT_BENEATH: '6.5',
  MPOL_WEIGHTED_INTERLEAVE: '6.9',
}
/** Those of them that #ifdef cannot ask for: taken on trust. */
const ENUMERATORS = new Set(['MPOL_WEIGHTED_INTERLEAVE'])

/** Our structs under the kernel's names; the members of a union bpf_attr stand for the union. */
const KERNEL_STRUCTS: Record<StructName, { type: string; inside?: string; size?: string } | undefined> = {
  open_how: { type: 'struct open_how' },
  mount_attr: { type: 'struct mount_attr' },
  clone_args: { type: 'struct clone_args' },
  rlimit64: { type: 'struct rlimit64' },
  cap_header: { type: 'struct __user_cap_header_struct' },
  sock_fprog: { type: 'struct sock_fprog' },
  winsize: { type: 'struct winsize' },
  ifreq: { type: 'struct ifreq' },
  sockaddr_un: { type: 'struct sockaddr_un' },
  sched_attr: { type: 'struct sched_attr', size: 'SCHED_ATTR_SIZE_VER0' },
  flock: { type: 'struct flock' },
  bpf_prog_load: { type: 'union bpf_attr', size: 'offsetof(union bpf_attr, prog_ifindex)' },
  bpf_prog_attach: { type: 'union bpf_attr', size: 'offsetof(union bpf_attr, replace_bpf_fd)' },
  bpf_prog_query: { type: 'union bpf_attr', inside: 'query.' },
  ifinfomsg: { type: 'struct ifinfomsg' },
  ifaddrmsg: { type: 'struct ifaddrmsg' },
  rtmsg: { type: 'struct rtmsg' },
  ndmsg: { type: 'struct ndmsg' },
  tcmsg: { type: 'struct tcmsg' },
  rtgenmsg: { type: 'struct rtgenmsg' },
  nfgenmsg: { type: 'struct nfgenmsg' },
  sockaddr_in: { type: 'struct sockaddr_in' },
  int: undefined,
  bpf_attr: undefined,
}
const PADDING = new Set(['ifr_padding', 'sin_zero', 'sin_addr', 'reserved'])

const claim = (expression: string, value: number | string): string =>
  `_Static_assert((${expression}) == (${value}), "${expression}");`

/** MS_RDONLY == 0x1: every constant of every family, and those that stand alone. */
function constantClaims(ofLibc: boolean): string[] {
  return Object.entries(flags).flatMap(([family, members]) => {
    if (OF_LIBC.has(family) !== ofLibc) return []
    if (typeof members === 'number') return [claim(family, members)]
    return Object.entries(members).flatMap(([key, value]) => {
      const name = constantName(family, key)
      if (NEWER[name] === undefined) return [claim(name, `${value}ll`)]
      return ENUMERATORS.has(name) ? [] : [`#ifdef ${name}`, claim(name, `${value}ll`), '#endif']
    })
  })
}

function structClaims(ofLibc: boolean): string[] {
  return (Object.keys(STRUCTS) as StructName[]).flatMap((name) => {
    const known = KERNEL_STRUCTS[name]
    if (!known || OF_LIBC.has(name) !== ofLibc) return []
    const { type, inside = '', size } = known
    const layout = layoutOf(name)
    const named = layout.fields.filter((field) => !PADDING.has(field.name))
    return [
      ...(inside ? [] : [claim(size ?? `sizeof(${type})`, layout.size)]),
      ...named.flatMap((field) => {
        const member = `${inside}${field.name}`
        return [
          claim(`offsetof(${type}, ${member})`, field.offset),
          claim(`sizeof(((${type} *)0)->${member})`, fieldSize(field.type)),
        ]
      }),
    ]
  })
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)
const LAST_ERRNO = 133
const LAST_NAMED_SIGNAL = 31

function kernelClaims(architecture: Architecture): string[] {
  const column = architecture === 'arm64' ? 1 : 0
  return [
    ...constantClaims(false),
    ...Object.entries(openFlags(architecture)).map(([key, value]) => claim(`O_${key}`, value)),
    ...Object.entries(SYSCALLS).map(([name, row]) => claim(`__NR_${name}`, row[column])),
    ...structClaims(false),
    ...Object.entries(MESSAGES).map(([name, [number]]) =>
      claim(name.startsWith('NFT_MSG') ? `(NFNL_SUBSYS_NFTABLES << 8 | ${name})` : name, number),
    ),
    ...Object.values(ATTRIBUTES).flatMap((group) =>
      Object.entries(group).map(([name, [number]]) => claim(name, number)),
    ),
    claim('NFTA_LIST_ELEM', NFTA_LIST_ELEM),
    ...range(1, LAST_ERRNO)
      .filter((errno) => errnoName(errno).startsWith('E'))
      .map((errno) => claim(errnoName(errno), errno)),
    ...Object.entries(E).map(([key, value]) => claim(`E${key}`, value)),
    ...range(1, LAST_NAMED_SIGNAL).map((signal) => claim(signalName(signal), signal)),
    ...CAPABILITIES.map((name, number) => claim(name, number)),
    // Before 6.18 nobody has had a reason to add one.
    claim('CAP_LAST_CAP', CAPABILITIES.length - 1),
  ]
}

/** The claims that the compiler refutes, in its words. */
function refuted(compiler: string, headers: readonly string[], claims: readonly string[]): string[] {
  const source = [...headers.map((name) => `#include <${name}>`), ...claims, ''].join('\n')
  const { status, stderr } = spawnSync(
    compiler,
    ['-std=gnu11', '-fsyntax-only', '-fmax-errors=0', '-Wall', '-x', 'c', '-'],
    { input: source, encoding: 'utf8' },
  )
  const errors = stderr.split('\n').filter((line) => /: error: (?!expression in)/.test(line))
  assert.equal(status === 0, errors.length === 0, stderr)
  return errors.map((line) => line.replace(/^.*: error: /, ''))
}

for (const architecture of ['x64', 'arm64'] as const) {
  const compiler = COMPILERS[architecture]
  const missing = spawnSync(compiler, ['--version']).status !== 0
  const skip = missing && `needs ${compiler}`

  test(`${architecture}: constants, numbers and structs are the kernel's`, { skip }, () => {
    const claims = kernelClaims(architecture)
    assert.ok(claims.length > 500, `${claims.length}`)
    assert.deepEqual(refuted(compiler, KERNEL_HEADERS, claims), [])
  })

  test(`${architecture}: what is the C library's to export`, { skip }, () => {
    const claims = [...constantClaims(true), ...structClaims(true)]
    assert.ok(claims.length > 15, `${claims.length}`)
    assert.deepEqual(refuted(compiler, LIBC_HEADERS, claims), [])
  })

  test(`${architecture}: the probe finds a wrong value and a wrong name`, { skip }, () => {
    const found = refuted(compiler, KERNEL_HEADERS, [claim('O_PATH', 1), claim('O_NO_SUCH', 1)])
    assert.equal(found.length, 2, found.join('\n'))
    assert.match(found[0]!, /static assertion failed: "O_PATH"/)
    assert.match(found[1]!, /O_NO_SUCH/)
  })
}

test('names and numbers of errnos and signals are each other’s inverse', () => {
  for (const errno of range(1, LAST_ERRNO)) {
    const name = errnoName(errno)
    if (name.startsWith('E')) assert.equal(errnoNumber(name), errno)
    else assert.match(name, /^errno (41|58)$/)
  }
  assert.equal(errnoName(4000), 'errno 4000')
  assert.throws(() => errnoNumber('ENOSUCH'), TypeError)
  for (const signal of [...range(1, LAST_NAMED_SIGNAL), ...range(34, SIGRTMAX)])
    assert.equal(signalNumber(signalName(signal)), signal)
})
