/** A network as `network ls` and `network inspect` have it (docker/cli formatter/network.go, moby api/types/network). */
import type { Member, NetworkInfo } from '../../engine/network/networks.ts'
import { Nil } from '../format/go-value.ts'
import type { RowShape } from '../format/rows.ts'

export interface NetworkRow {
  readonly network: NetworkInfo
  readonly cut: boolean
}

export const networkShape: RowShape<NetworkRow> = {
  type: '*network.networkContext',
  columns: {
    CreatedAt: {
      header: 'CREATED AT',
      of: ({ network }) =>
        network.created
          .replace('T', ' ')
          .replace(/(\.\d*?)0*Z$/, '$1 +0000 UTC')
          .replace('. ', ' '),
    },
    Driver: { header: 'DRIVER', of: ({ network }) => network.driver },
    ID: { header: 'NETWORK ID', of: ({ network, cut }) => (cut ? network.id.slice(0, 12) : network.id) },
    IPv4: { header: 'IPV4', of: ({ network }) => String(network.ipv4) },
    IPv6: { header: 'IPV6', of: ({ network }) => String(network.ipv6) },
    Internal: { header: 'INTERNAL', of: ({ network }) => String(network.internal) },
    Labels: {
      header: 'LABELS',
      of: ({ network }) =>
        Object.entries(network.labels)
          .map(([name, value]) => `${name}=${value}`)
          .sort()
          .join(','),
    },
    Name: { header: 'NAME', of: ({ network }) => network.name },
    Scope: { header: 'SCOPE', of: () => 'local' },
  },
  labels: ({ network }) => ({ ...network.labels }),
}

const asMap = (record: Readonly<Record<string, string>>): Map<string, string> =>
  new Map(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))

export const networkJson = (network: NetworkInfo, members: readonly Member[]): object => ({
  Name: network.name,
  Id: network.id,
  Created: network.created,
  Scope: 'local',
  Driver: network.driver,
  EnableIPv4: network.ipv4,
  EnableIPv6: network.ipv6,
  IPAM: {
    Driver: 'default',
    Options: new Nil('map'),
    Config:
      network.pools.length === 0
        ? new Nil('list')
        : network.pools.map(({ subnet, gateway, ipRange, auxiliary }) => ({
            Subnet: subnet,
            ...(ipRange === undefined ? {} : { IPRange: ipRange }),
            ...(gateway === undefined ? {} : { Gateway: gateway }),
            ...(auxiliary === undefined ? {} : { AuxiliaryAddresses: asMap(auxiliary) }),
          })),
  },
  Internal: network.internal,
  Attachable: network.attachable,
  Ingress: false,
  ConfigFrom: { Network: '' },
  ConfigOnly: false,
  Containers: new Map(
    members.map(({ id, name, endpoint }) => {
      const withLength = (mark: string): string => {
        const found = endpoint.addresses.find(({ address }) => address.includes(mark))
        return found ? `${found.address}/${found.prefixLength}` : ''
      }
      return [
        id,
        {
          Name: name,
          EndpointID: endpointId(network.id, id),
          MacAddress: endpoint.mac,
          IPv4Address: withLength('.'),
          IPv6Address: withLength(':'),
        },
      ]
    }),
  ),
  Options: asMap(network.options),
  Labels: asMap(network.labels),
})

/** Follows from both ids: it is nowhere kept. */
export const endpointId = (networkId: string, containerId: string): string =>
  networkId.slice(0, 32) + containerId.slice(0, 32)
