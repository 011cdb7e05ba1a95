/** Ports of the host: which are free, and who holds those that are not. */
import { AF, IPPROTO, SO, SOCK, SOL } from '../linux/abi/flags.ts'
import { addressBytes } from '../linux/abi/netlink/address.ts'
import { attempt, call } from '../linux/call.ts'
import type { Protocol } from '../plan/published-ports.ts'

function socketFor(protocol: Protocol, address: string): number {
  const type = (protocol === 'udp' ? SOCK.DGRAM : SOCK.STREAM) | SOCK.CLOEXEC
  return call('socket', [
    address.includes(':') ? AF.INET6 : AF.INET,
    type,
    IPPROTO[protocol.toUpperCase() as 'TCP' | 'UDP' | 'SCTP'],
  ])
}

/** struct sockaddr_in or sockaddr_in6. */
function socketAddress(address: string, port: number): Uint8Array {
  const bytes = addressBytes(address) as Uint8Array
  const six = bytes.length === 16
  const encoded = new Uint8Array(six ? 28 : 16)
  encoded[0] = six ? AF.INET6 : AF.INET
  encoded[2] = port >> 8
  encoded[3] = port & 0xff
  encoded.set(bytes, six ? 8 : 4)
  return encoded
}

/** Whether nobody holds it now: 0, or the errno of bind(2). */
export function bindError(protocol: Protocol, address: string, port: number): number {
  const fd = socketFor(protocol, address)
  try {
    if (protocol !== 'udp')
      attempt('setsockopt', [fd, SOL.SOCKET, SO.REUSEADDR, { struct: 'int', fields: { value: 1 } }])
    const bound = attempt('bind', [fd, socketAddress(address, port)])
    if (bound < 0) return -bound
    return protocol === 'tcp' ? Math.max(0, -attempt('listen', [fd, 1])) : 0
  } finally {
    call('close', [fd])
  }
}

const NAME_BYTES = 28

/** A port that is free, as the kernel chooses (ip_local_port_range). @throws KernelError */
export function freePort(protocol: Protocol, address: string): number {
  const fd = socketFor(protocol, address)
  try {
    call('bind', [fd, socketAddress(address, 0)])
    const name = new Uint8Array(1024)
    call('getsockname', [fd, name, { struct: 'int', fields: { value: NAME_BYTES } }])
    return (name[2]! << 8) | name[3]!
  } finally {
    call('close', [fd])
  }
}
