/** network_namespaces(7): devices, addresses, routes, ports. */
import { AF, CLONE, IFF, SIOC, SOCK } from '../../linux/abi/flags.ts'
import { type Lesson, step } from '../lesson.ts'
import type { Subject } from '../stage/subject.ts'
import { namespaces } from '../stage/views.ts'
import type { Stage } from '../stage.ts'

const DEVICES = '/proc/self/net/dev'
const devices = (subject: Subject): string =>
  [...subject.read(DEVICES).matchAll(/^\s*(\S+):/gm)].map(([, name]) => name).join(' ')
const ADDRESSES = '/proc/self/net/fib_trie'
const answers = (subject: Subject): boolean => subject.read(ADDRESSES).includes('127.0.0.1')

/** struct sockaddr_in for 127.0.0.1 (ip(7)): family, port in network order, address. */
const PORT = 34_567
const address = new Uint8Array(16)
address.set([AF.INET, 0, PORT >> 8, PORT & 0xff, 127, 0, 0, 1])

const openPort = (subject: Subject): number | string => {
  const fd = subject.call('socket', [AF.INET, SOCK.DGRAM, 0])
  return subject.attempt('bind', [fd, address])
}

const look = ({ host, subject }: Stage) => ({
  devices: { from: DEVICES, host: devices(host), container: devices(subject('container')) },
  '127.0.0.1 is there': {
    from: ADDRESSES,
    host: answers(host),
    container: answers(subject('container')),
  },
})

export const network: Lesson = {
  name: 'network',
  group: 'Namespaces',
  summary: 'Network devices, addresses and ports of its own',
  standIn: { flags: CLONE.NEWNET, when: 'skipping' },
  steps: [
    step({
      claim: 'unshare(CLONE_NEWNET) leaves nothing but a loopback device, and that is down',
      why: 'A network namespace has its own devices, addresses, routes, firewall rules and ports. A new one is empty.',
      do: ({ fork }) => fork('container').call('unshare', [CLONE.NEWNET]),
      evidence: (stage) => ({ namespace: namespaces(stage, 'net'), ...look(stage) }),
      assert: (seen) =>
        seen.namespace.host !== seen.namespace.container &&
        seen.devices.container === 'lo' &&
        !seen['127.0.0.1 is there'].container,
    }),
    step({
      claim: 'Brought up, its loopback answers',
      why: 'One ioctl sets IFF_UP. Without it a program in the container cannot even talk to itself.',
      do: ({ subject }) => {
        const container = subject('container')
        const socket = container.call('socket', [AF.INET, SOCK.DGRAM, 0])
        container.call('ioctl', [
          socket,
          SIOC.SIFFLAGS,
          { struct: 'ifreq', fields: { ifr_name: 'lo', ifr_flags: IFF.UP | IFF.RUNNING } },
        ])
      },
      evidence: look,
      assert: (seen) => seen['127.0.0.1 is there'].container,
    }),
    step({
      claim: 'Host and container have the same port at the same time',
      why: 'A port belongs to a namespace. So every container can have a server on port 80, and `--publish` has to say which one the host passes on.',
      do: ({ host, keep }) => keep('port', openPort(host) === 0 ? PORT : 0),
      evidence: ({ host, subject, kept }) => ({
        [`bind to port ${PORT}`]: {
          from: `bind(2); the host has port ${kept('port')} already`,
          'host again': openPort(host),
          container: openPort(subject('container')),
        },
      }),
      assert: (seen) => {
        const bound = seen[`bind to port ${PORT}`]
        return bound?.container === 0 && bound['host again'] === 'EADDRINUSE'
      },
    }),
    step({
      claim: 'setns lets a visitor in: another process with the same devices',
      why: 'Containers of one pod share a network namespace exactly so: the second joins that of the first.',
      do: ({ join }) => join('visitor', 'container', CLONE.NEWNET),
      evidence: ({ host, subject }) => ({
        devices: {
          from: DEVICES,
          host: devices(host),
          container: devices(subject('container')),
          visitor: devices(subject('visitor')),
        },
        [`bind to port ${PORT}`]: { from: 'bind(2)', visitor: openPort(subject('visitor')) },
      }),
      assert: (seen) =>
        seen.devices?.container === seen.devices?.visitor &&
        seen[`bind to port ${PORT}`]?.visitor === 'EADDRINUSE',
    }),
  ],
  ending:
    'A network namespace is an empty copy of the network stack. A pair of virtual devices, one end in each, would connect it: `tinyctr network` does that.',
}
