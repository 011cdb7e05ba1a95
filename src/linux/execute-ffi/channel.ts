/**
 * The socket pair between parent and container half (unix(7), SOCK_SEQPACKET): barriers as single bytes, the terminal
 * as SCM_RIGHTS, and the end of it as the news that execve(2) succeeded or that a step failed.
 */
import { foreign } from '#ffi'
import { E } from '../abi/errno.ts'
import { AF, F, SOCK } from '../abi/flags.ts'
import { attempt, call } from '../call.ts'

/** Out of the way of file descriptors that the caller hands to the container. */
const LOWEST_OWN_FD = 64

export interface Channel {
  readonly parent: number
  readonly container: number
}

export function openChannel(): Channel {
  const pair = new Uint8Array(8)
  call('socketpair', [AF.UNIX, SOCK.SEQPACKET | SOCK.CLOEXEC, 0, pair])
  const fds = new Int32Array(pair.buffer)
  return { parent: moveAside(fds[0] as number), container: moveAside(fds[1] as number) }
}

/** The same open file under a number that no container is given. */
export function moveAside(fd: number): number {
  const moved = call('fcntl', [fd, F.DUPFD_CLOEXEC, LOWEST_OWN_FD])
  call('close', [fd])
  return moved
}

/** `byte` 0: the other end is closed. undefined: nothing there yet. */
export interface Message {
  readonly byte: number
  readonly terminal: number | undefined
}

const MSG_DONTWAIT = 0x40
const MSG_CMSG_CLOEXEC = 0x40000000
/** Where in `memory` the parts of a message lie: struct msghdr, iovec, cmsghdr with one descriptor, one byte. */
const IOVEC = 64
const CONTROL = 80
const CONTROL_SIZE = 24
const BYTE = 104
const memory = new Uint8Array(4096)
const view = new DataView(memory.buffer)

export function receive(fd: number, wait: boolean): Message | undefined {
  const address = BigInt(foreign.addressOf(memory))
  memory.fill(0)
  view.setBigUint64(16, address + BigInt(IOVEC), true)
  view.setBigUint64(24, 1n, true)
  view.setBigUint64(32, address + BigInt(CONTROL), true)
  view.setBigUint64(40, BigInt(CONTROL_SIZE), true)
  view.setBigUint64(IOVEC, address + BigInt(BYTE), true)
  view.setBigUint64(IOVEC + 8, 1n, true)
  const got = attempt('recvmsg', [fd, memory, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT)])
  if (got === -E.AGAIN || got === -E.INTR) return undefined
  const carriesFd = got > 0 && Number(view.getBigUint64(40, true)) >= 20
  return {
    byte: got > 0 ? (memory[BYTE] as number) : 0,
    terminal: carriesFd ? view.getInt32(CONTROL + 16, true) : undefined,
  }
}
