/** What a new network namespace gets from the runtime itself: a loopback that is up. Bridges and ports are network/'s. */
import { AF, IFF, SIOC, SOCK } from '../linux/abi/flags.ts'
import { call, type Step, slot, struct } from './step.ts'

export function loopbackSteps(newNetwork: boolean): Step[] {
  if (!newNetwork) return []
  const at = '/linux/namespaces'
  const socket = slot('socket')
  return [
    call('socket', [AF.INET, SOCK.DGRAM | SOCK.CLOEXEC, 0], {
      into: socket,
      why: 'any socket reaches the devices of its namespace',
      at,
    }),
    call(
      'ioctl',
      [socket, SIOC.SIFFLAGS, struct('ifreq', { ifr_name: 'lo', ifr_flags: IFF.UP | IFF.RUNNING })],
      { why: '127.0.0.1 answers', at },
    ),
  ]
}
