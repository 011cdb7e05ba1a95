/**
 * `linux.netDevices`: devices of the host that become the container's (runtime-spec config-linux.md, "Network Devices").
 * The kernel takes addresses away when a device changes its namespace; those that somebody gave it are given again.
 */
import { ConfigError } from '../errors.ts'
import { message } from '../linux/abi/netlink/messages.ts'
import type { Config } from '../oci/runtime-spec.ts'
import type { Host } from './host.ts'
import { netlinkSocket } from './network.ts'
import { addressMessage, up } from './network-device.ts'
import { composed, PID, type Step, slot } from './step.ts'

const AT = '/linux/netDevices'
const devicesOf = (config: Config) => Object.entries(config.linux?.netDevices ?? {})

export const hasNetDevices = (config: Config): boolean => devicesOf(config).length > 0

/** Host steps, when the container has its network namespace. */
export function moveNetDeviceSteps(config: Config, host: Host): Step[] {
  if (!hasNetDevices(config)) return []
  const messages = devicesOf(config).map(([name, device]) =>
    message(
      'RTM_NEWLINK',
      0,
      { ifi_index: factsOf(host, name).index },
      { IFLA_NET_NS_PID: PID, IFLA_IFNAME: device.name || name },
    ),
  )
  return [
    ...netlinkSocket('move_route', 'ROUTE', AT),
    composed('netlink', [slot('move_route'), { netlink: messages }], {
      why: 'give the container its devices, under their new names',
      at: AT,
    }),
  ]
}

/** Container steps, when it has them. */
export function configureNetDeviceSteps(config: Config, host: Host): Step[] {
  if (!hasNetDevices(config)) return []
  const messages = devicesOf(config).flatMap(([name]) => {
    const { index, addresses } = factsOf(host, name)
    return [
      ...addresses.map(({ address, prefixLength }) => addressMessage(index, address, prefixLength)),
      up(index),
    ]
  })
  return [
    ...netlinkSocket('device_route', 'ROUTE', AT),
    composed('netlink', [slot('device_route'), { netlink: messages }], {
      why: 'their addresses, which the move took away',
      at: AT,
    }),
  ]
}

function factsOf(host: Host, name: string) {
  const facts = host.netDevices?.[name]
  if (!facts)
    throw new ConfigError(`${AT}/${name}`, `expected a network device of the host but found no ${name}`)
  return facts
}
