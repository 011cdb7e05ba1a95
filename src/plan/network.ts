/**
 * The devices of a new network namespace: a loopback that is up; veth(4) pairs whose other end hangs on a bridge, or
 * macvlan and ipvlan devices, each with its addresses; the way out.
 *
 * The host half makes each device directly in the container's namespace (IFLA_NET_NS_PID), under its final name. It
 * chooses the index as well, so the container half needs no question before it gives addresses: one batch does it all.
 */
import { AF, IFF, NETLINK, SIOC, SOCK, SOL } from '../linux/abi/flags.ts'
import { addressMessages, deviceMessages, LOOPBACK_INDEX, type NetworkDevice, up } from './network-device.ts'
import { barrier, call, composed, PID, type Step, slot, struct } from './step.ts'

const DEVICES_MADE = 2

/** A netlink socket; the kernel's errors come with words. */
export function netlinkSocket(name: string, protocol: 'ROUTE' | 'NETFILTER', at: string): Step[] {
  const socket = slot(name)
  const proto = { name: `NETLINK_${protocol}`, value: NETLINK[protocol] }
  const option = (key: 'CAP_ACK' | 'EXT_ACK', why: string): Step =>
    call(
      'setsockopt',
      [socket, SOL.NETLINK, { name: `NETLINK_${key}`, value: NETLINK[key] }, struct('int', { value: 1 })],
      { why, at },
    )
  return [
    // Its namespace is that of whoever makes it, for as long as it is open.
    call('socket', [AF.NETLINK, SOCK.RAW | SOCK.CLOEXEC, proto as never], {
      into: socket,
      why: 'to speak with the kernel about networks',
      at,
    }),
    option('CAP_ACK', 'answers need not repeat the question'),
    option('EXT_ACK', 'errors come with words'),
  ]
}

/** After the clone: the devices appear in the container's namespace. */
export function makeDeviceSteps(devices: readonly NetworkDevice[]): Step[] {
  if (devices.length === 0) return []
  const at = '--network'
  return [
    ...netlinkSocket('route', 'ROUTE', at),
    composed(
      'netlink',
      [slot('route'), { netlink: devices.flatMap((device) => deviceMessages(device, PID)) }],
      {
        why: `make ${list(devices)} in the container`,
        at,
      },
    ),
    devicesMade(),
  ]
}

/** The end of what the host has to do before the container may look at its devices. */
export const devicesMade = (): Step => barrier(DEVICES_MADE, 'signal', 'its devices are there')

const list = (devices: readonly NetworkDevice[]): string => devices.map(({ name }) => name).join(', ')

/** A second clone comes before the rest of the container half; the devices must be there while the first child lives. */
export const awaitDeviceSteps = (): Step[] => [barrier(DEVICES_MADE, 'wait', 'the host makes its devices')]

/** In the container's own namespace: everything up, addresses, routes. */
export function configureDeviceSteps(devices: readonly NetworkDevice[]): Step[] {
  if (devices.length === 0) return []
  const at = '--network'
  return [
    ...netlinkSocket('own_route', 'ROUTE', at),
    composed(
      'netlink',
      [slot('own_route'), { netlink: [up(LOOPBACK_INDEX), ...devices.flatMap(addressMessages)] }],
      {
        why: `set up lo and ${list(devices)}: addresses and the way out`,
        at,
      },
    ),
  ]
}

/** A namespace without other devices. */
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
