/**
 * The architectures of a seccomp filter: seccomp_data.arch (AUDIT_ARCH_* of linux/audit.h), how wide and in which
 * byte order the arguments lie in seccomp_data, and the system call table. seccomp(2), audit.h.
 */
import aarch64 from './syscall-numbers/aarch64.ts'
import arm from './syscall-numbers/arm.ts'
import loongarch64 from './syscall-numbers/loongarch64.ts'
import m68k from './syscall-numbers/m68k.ts'
import mipsN32 from './syscall-numbers/mips-n32.ts'
import mipsN64 from './syscall-numbers/mips-n64.ts'
import mipsO32 from './syscall-numbers/mips-o32.ts'
import parisc from './syscall-numbers/parisc.ts'
import parisc64 from './syscall-numbers/parisc64.ts'
import ppc from './syscall-numbers/ppc.ts'
import ppc64 from './syscall-numbers/ppc64.ts'
import riscv64 from './syscall-numbers/riscv64.ts'
import s390 from './syscall-numbers/s390.ts'
import s390x from './syscall-numbers/s390x.ts'
import sh from './syscall-numbers/sh.ts'
import x32 from './syscall-numbers/x32.ts'
import x86 from './syscall-numbers/x86.ts'
import x8664 from './syscall-numbers/x86-64.ts'

export interface SeccompArch {
  /** AUDIT_ARCH_*: what the kernel puts into seccomp_data.arch. */
  readonly audit: number
  /** Bits of an argument that rules compare; the upper word of a 32-bit architecture is not looked at. */
  readonly bits: 32 | 64
  readonly bigEndian: boolean
  /** Added to the table's numbers. */
  readonly numberBase: number
  readonly table: string
  /** socketcall(2) and ipc(2) carry the calls of MULTIPLEXED in their first argument here. */
  readonly multiplexes: boolean
  /**
   * s390: a number above 255 is passed in a register under the number 0, setup(2) of old, and the kernel leaves the 0
   * of those that it does not know.
   */
  readonly zeroIsUnknown: boolean
}

/** x32 numbers have this bit; its seccomp_data.arch is x86-64's. */
export const X32_SYSCALL_BIT = 0x4000_0000

const arch = (
  audit: number,
  bits: 32 | 64,
  order: 'little' | 'big',
  table: string,
  more: { numberBase?: number; multiplexes?: boolean; zeroIsUnknown?: boolean } = {},
): SeccompArch => ({
  audit,
  bits,
  bigEndian: order === 'big',
  table,
  numberBase: 0,
  multiplexes: false,
  zeroIsUnknown: false,
  ...more,
})

const muxed = { multiplexes: true }

const ARCHES = {
  SCMP_ARCH_X86: arch(0x4000_0003, 32, 'little', x86, muxed),
  SCMP_ARCH_X86_64: arch(0xc000_003e, 64, 'little', x8664),
  SCMP_ARCH_X32: arch(0xc000_003e, 32, 'little', x32, { numberBase: X32_SYSCALL_BIT }),
  SCMP_ARCH_ARM: arch(0x4000_0028, 32, 'little', arm),
  SCMP_ARCH_AARCH64: arch(0xc000_00b7, 64, 'little', aarch64),
  SCMP_ARCH_LOONGARCH64: arch(0xc000_0102, 64, 'little', loongarch64),
  SCMP_ARCH_M68K: arch(0x0000_0004, 32, 'big', m68k, muxed),
  SCMP_ARCH_MIPS: arch(0x0000_0008, 32, 'big', mipsO32, { multiplexes: true, numberBase: 4000 }),
  SCMP_ARCH_MIPS64: arch(0x8000_0008, 64, 'big', mipsN64, { numberBase: 5000 }),
  SCMP_ARCH_MIPS64N32: arch(0xa000_0008, 32, 'big', mipsN32, { numberBase: 6000 }),
  SCMP_ARCH_MIPSEL: arch(0x4000_0008, 32, 'little', mipsO32, { multiplexes: true, numberBase: 4000 }),
  SCMP_ARCH_MIPSEL64: arch(0xc000_0008, 64, 'little', mipsN64, { numberBase: 5000 }),
  SCMP_ARCH_MIPSEL64N32: arch(0xe000_0008, 32, 'little', mipsN32, { numberBase: 6000 }),
  SCMP_ARCH_PPC: arch(0x0000_0014, 32, 'big', ppc, muxed),
  SCMP_ARCH_PPC64: arch(0x8000_0015, 64, 'big', ppc64, muxed),
  SCMP_ARCH_PPC64LE: arch(0xc000_0015, 64, 'little', ppc64, muxed),
  SCMP_ARCH_S390: arch(0x0000_0016, 32, 'big', s390, { multiplexes: true, zeroIsUnknown: true }),
  SCMP_ARCH_S390X: arch(0x8000_0016, 64, 'big', s390x, { multiplexes: true, zeroIsUnknown: true }),
  SCMP_ARCH_SH: arch(0x4000_002a, 32, 'little', sh, muxed),
  SCMP_ARCH_SHEB: arch(0x0000_002a, 32, 'big', sh, muxed),
  SCMP_ARCH_PARISC: arch(0x0000_000f, 32, 'big', parisc),
  SCMP_ARCH_PARISC64: arch(0x8000_000f, 64, 'big', parisc64),
  SCMP_ARCH_RISCV64: arch(0xc000_00f3, 64, 'little', riscv64),
}

export type SeccompArchitecture = keyof typeof ARCHES

export const seccompArch = (name: SeccompArchitecture): SeccompArch => ARCHES[name]

export const isSeccompArchitecture = (name: string): name is SeccompArchitecture =>
  Object.hasOwn(ARCHES, name)

export const seccompArchitectures = Object.keys(ARCHES) as SeccompArchitecture[]

/** The first argument of socketcall(2) (linux/net.h) and ipc(2) (linux/ipc.h) that stands for a call. */
export const MULTIPLEXED = {
  socketcall: {
    socket: 1,
    bind: 2,
    connect: 3,
    listen: 4,
    accept: 5,
    getsockname: 6,
    getpeername: 7,
    socketpair: 8,
    send: 9,
    recv: 10,
    sendto: 11,
    recvfrom: 12,
    shutdown: 13,
    setsockopt: 14,
    getsockopt: 15,
    sendmsg: 16,
    recvmsg: 17,
    accept4: 18,
    recvmmsg: 19,
    sendmmsg: 20,
  },
  ipc: {
    semop: 1,
    semget: 2,
    semctl: 3,
    semtimedop: 4,
    msgsnd: 11,
    msgrcv: 12,
    msgget: 13,
    msgctl: 14,
    shmat: 21,
    shmdt: 22,
    shmget: 23,
    shmctl: 24,
  },
} as const
