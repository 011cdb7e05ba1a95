/** `tinyctr network create`. */
import { parseLabel } from '../../engine/config/env-file.ts'
import { recordEvent } from '../../engine/events/event-log.ts'
import { createNetwork } from '../../engine/network/networks.ts'
import { UsageError } from '../../errors.ts'
import { defineCommand } from '../command.ts'
import { print } from '../screen/output.ts'

export const networkCreate = defineCommand({
  usage: '[OPTIONS] NETWORK',
  summary: 'Create a network',
  examples: [
    'tinyctr network create shop',
    'tinyctr network create --subnet 10.1.0.0/24 --gateway 10.1.0.254 --ipv6 shop',
    'tinyctr network create --driver macvlan --opt parent=eth0 --subnet 192.168.1.0/24 lan',
  ],
  flags: {
    attachable: { takes: 'nothing', help: 'Enable manual container attachment' },
    'aux-address': {
      takes: 'many',
      value: 'NAME=IP',
      parse: parseLabel,
      help: 'Addresses that are taken by others',
    },
    driver: { takes: 'one', short: 'd', value: 'DRIVER', help: 'bridge (default), macvlan or ipvlan' },
    gateway: { takes: 'many', value: 'IP', help: 'Gateway of a subnet' },
    internal: { takes: 'nothing', help: 'No way in or out of the network' },
    'ip-range': { takes: 'many', value: 'CIDR', help: 'Allocate addresses from a part of the subnet' },
    'ipam-driver': { takes: 'one', value: 'DRIVER', hidden: true, help: 'Who manages addresses: default' },
    ipv4: { takes: 'nothing', help: 'Addresses of IPv4 (default true)' },
    ipv6: { takes: 'nothing', help: 'Addresses of IPv6 as well' },
    label: { takes: 'many', value: 'KEY[=VALUE]', parse: parseLabel, help: 'Set metadata on a network' },
    opt: { takes: 'many', short: 'o', value: 'KEY=VALUE', parse: parseLabel, help: 'Set driver options' },
    scope: { takes: 'one', value: 'SCOPE', hidden: true, help: 'local' },
    subnet: { takes: 'many', value: 'CIDR', help: 'Subnet: 172.28.0.0/16, fd00:1::/64' },
  },
  least: 1,
  most: 1,
  async execute({ flags, positionals: [name = ''], folders: { dataRoot } }) {
    const { subnet = [], gateway = [], 'ip-range': ranges = [], ipv4 = true } = flags
    if (subnet.length === 0 && ranges.length > 0)
      throw new UsageError('every ip-range or gateway must have a corresponding subnet')
    if (subnet.length === 0 && gateway.length > 0)
      throw new UsageError('every ip-range or gateway must have a corresponding subnet')
    const network = createNetwork(dataRoot, {
      name,
      driver: flags.driver ?? 'bridge',
      internal: flags.internal ?? false,
      attachable: flags.attachable ?? false,
      ipv4,
      ipv6: flags.ipv6 ?? subnet.some((text) => text.includes(':')),
      subnets: subnet,
      gateways: gateway,
      ranges,
      auxiliary: Object.fromEntries(flags['aux-address'] ?? []),
      options: Object.fromEntries(flags.opt ?? []),
      labels: Object.fromEntries(flags.label ?? []),
    })
    const attributes = { name, type: network.driver }
    recordEvent(dataRoot, { type: 'network', action: 'create', id: network.id, attributes })
    print(network.id)
    return 0
  },
})
