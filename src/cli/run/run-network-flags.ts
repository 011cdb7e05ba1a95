/** The flags of `run` and `create` that speak of networks and ports. */

import { parseSize } from '../../engine/config/size.ts'
import {
  parseIpv4,
  parseIpv6,
  parseMac,
  parseNetworkFlag,
  parseRate,
} from '../../engine/network/network-flag.ts'
import { parseExpose, parsePublish } from '../../engine/network/port-flag.ts'
import type { FlagTable } from '../flag.ts'

export const runNetworkFlags = {
  expose: { takes: 'many', value: 'PORT', parse: parseExpose, help: 'Expose a port or a range of ports' },
  ip: { takes: 'one', value: 'IP', parse: parseIpv4, help: 'IPv4 address' },
  ip6: { takes: 'one', value: 'IP', parse: parseIpv6, help: 'IPv6 address' },
  'mac-address': { takes: 'one', value: 'MAC', parse: parseMac, help: 'Ethernet address' },
  net: { takes: 'as', of: 'network' },
  'net-alias': { takes: 'as', of: 'network-alias' },
  network: {
    takes: 'many',
    value: 'NETWORK',
    parse: parseNetworkFlag,
    help: 'Connect to a network, or: none, host, container:NAME, ns:PATH',
  },
  'network-alias': { takes: 'many', value: 'NAME', help: 'Another name for it on its network' },
  'network-burst': {
    takes: 'one',
    value: 'SIZE',
    parse: parseSize,
    help: 'How much may pass at once under --network-rate',
  },
  'network-rate': {
    takes: 'one',
    value: 'RATE',
    parse: parseRate,
    help: 'Limit of what it receives and of what it sends, such as 10mbit',
  },
  publish: {
    takes: 'many',
    short: 'p',
    value: '[IP:][HOST:]PORT',
    parse: parsePublish,
    help: "Publish a container's port to the host",
  },
  'publish-all': { takes: 'nothing', short: 'P', help: 'Publish all exposed ports to random ports' },
} as const satisfies FlagTable
