/** What src/ffi/port.ts promises, asked of whichever adapter this runtime has. Prints one JSON object of results. */
import { foreign } from '#ffi'
import { SYSCALLS } from '../../src/linux/abi/syscalls.ts'
import { architecture } from '../../src/linux/call.ts'

type Name = keyof typeof SYSCALLS
const number = (name: Name): number => SYSCALLS[name][architecture === 'arm64' ? 1 : 0]
const runtime = globalThis as { gc?: () => void; Bun?: { gc(force: boolean): void } }
const collectGarbage = runtime.gc ?? ((): void => runtime.Bun?.gc(true))

/** Garbage enough that whatever can move moves. */
function stir(): void {
  for (let round = 0; round < 5; round++) {
    Array.from({ length: 20_000 }, (_, i) => new Uint8Array(i % 64))
    collectGarbage()
  }
}

/** pipe2(2) into an array at an address, then read back what was written through another. */
function roundTrip(size: number): boolean {
  const fds = new Uint8Array(2048)
  const sent = new Uint8Array(size).map((_, i) => i * 7)
  const got = new Uint8Array(size)
  const addresses = [fds, sent, got].map((bytes) => foreign.addressOf(bytes)) as [number, number, number]
  stir()
  foreign.syscall(number('pipe2'), addresses[0], 0)
  const [read, write] = new Int32Array(fds.buffer, 0, 2) as unknown as [number, number]
  const written = foreign.syscall(number('write'), write, addresses[1], size)
  const received = foreign.syscall(number('read'), read, addresses[2], size)
  foreign.syscall(number('close'), read)
  foreign.syscall(number('close'), write)
  return written === size && received === size && got.every((byte, i) => byte === sent[i])
}

/** prlimit64(2) takes and gives 64-bit words. RLIMIT_CORE may be lowered by anybody. */
function limits(soft: bigint, hard: bigint): string[] {
  const memory = new Uint8Array(2048)
  const words = new BigUint64Array(memory.buffer)
  words[0] = soft
  words[1] = hard
  const address = foreign.addressOf(memory)
  foreign.syscall(number('prlimit64'), 0, 4, address, address + 64)
  foreign.syscall(number('prlimit64'), 0, 4, 0, address + 128)
  return [String(words[16]), String(words[17])]
}

/** mmap(2) has six arguments; the last is a file offset that only 64 bits hold. @returns what the file has there */
function sixArguments(offset: number | bigint): number {
  const name = new Uint8Array(2048)
  const fd = foreign.syscall(number('memfd_create'), foreign.addressOf(name), 0)
  foreign.syscall(number('ftruncate'), fd, BigInt(offset) + 4096n)
  const text = new Uint8Array(2048).fill(0x41)
  foreign.syscall(number('lseek'), fd, offset, 0)
  foreign.syscall(number('write'), fd, foreign.addressOf(text), 8)
  // Not read through FFI but by the kernel: write(2) from the mapping into a pipe.
  const mapped = foreign.syscall(number('mmap'), 0, 4096, 1, 1, fd, offset)
  const fds = new Uint8Array(2048)
  const back = new Uint8Array(2048)
  foreign.syscall(number('pipe2'), foreign.addressOf(fds), 0)
  const [read, write] = new Int32Array(fds.buffer, 0, 2) as unknown as [number, number]
  foreign.syscall(number('write'), write, mapped, 1)
  foreign.syscall(number('read'), read, foreign.addressOf(back), 1)
  return back[0] as number
}

const lseekTo = (offset: number | bigint): number => {
  const fd = foreign.syscall(number('memfd_create'), foreign.addressOf(new Uint8Array(2048)), 0)
  return foreign.syscall(number('lseek'), fd, offset, 0)
}

process.stdout.write(
  JSON.stringify({
    name: foreign.name,
    pid: foreign.syscall(number('getpid')) === process.pid,
    badDescriptor: foreign.syscall(number('close'), -1),
    noSuchCall: foreign.syscall(4000),
    // The errno of the call before must not be taken for this one's.
    afterFailure: foreign.syscall(number('getpid')) === process.pid,
    umask: [foreign.syscall(number('umask'), 0o27), foreign.syscall(number('umask'), 0o22)][1],
    roundTrips: [1001, 4096, 65_536].map(roundTrip),
    offsets: [lseekTo(2 ** 40 + 3), lseekTo(2n ** 52n + 1n), lseekTo(-1), lseekTo(-1n)],
    limits: limits(0x1_0000_0001n, 0xffff_ffff_ffff_fffen),
    sixArguments: sixArguments(2n ** 33n),
  }),
)
