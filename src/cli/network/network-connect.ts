/** `tinyctr network connect` and `disconnect`. */

import { parseLabel } from '../../engine/config/env-file.ts'
import { recordEvent } from '../../engine/events/event-log.ts'
import { connect, disconnect } from '../../engine/network/network-connect.ts'
import { parseIpv4, parseIpv6 } from '../../engine/network/network-flag.ts'
import { defineCommand } from '../command.ts'

export const networkConnect = defineCommand({
  usage: '[OPTIONS] NETWORK CONTAINER',
  summary: 'Connect a container to a network',
  examples: ['tinyctr network connect --alias db shop postgres'],
  flags: {
    alias: { takes: 'many', value: 'NAME', help: 'Another name for the container on this network' },
    'driver-opt': { takes: 'many', value: 'KEY=VALUE', parse: parseLabel, help: 'Options of the endpoint' },
    'gw-priority': { takes: 'one', value: 'NUMBER', parse: Number, help: 'The highest gives the way out' },
    ip: { takes: 'one', value: 'IP', parse: parseIpv4, help: 'IPv4 address' },
    ip6: { takes: 'one', value: 'IP', parse: parseIpv6, help: 'IPv6 address' },
  },
  least: 2,
  most: 2,
  async execute({ flags, positionals: [wanted = '', word = ''], folders }) {
    const { alias = [], ip, ip6, 'gw-priority': priority } = flags
    const { container, network } = connect(folders, word, {
      network: wanted,
      aliases: alias,
      ...(ip === undefined ? {} : { ipv4: ip }),
      ...(ip6 === undefined ? {} : { ipv6: ip6 }),
      ...(priority === undefined ? {} : { gatewayPriority: priority }),
    })
    const attributes = { container: container.id, name: network.name, type: network.driver }
    recordEvent(folders.dataRoot, { type: 'network', action: 'connect', id: network.id, attributes })
    return 0
  },
})

export const networkDisconnect = defineCommand({
  usage: '[OPTIONS] NETWORK CONTAINER',
  summary: 'Disconnect a container from a network',
  flags: { force: { takes: 'nothing', short: 'f', help: 'No error for a container that is not connected' } },
  least: 2,
  most: 2,
  async execute({ flags: { force = false }, positionals: [wanted = '', word = ''], folders }) {
    const { container, network } = disconnect(folders, word, wanted, force)
    const attributes = { container: container.id, name: network.name, type: network.driver }
    recordEvent(folders.dataRoot, { type: 'network', action: 'disconnect', id: network.id, attributes })
    return 0
  },
})
