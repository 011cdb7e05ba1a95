/** How a container is reached, as `docker inspect` prints it (moby NetworkSettings). */
import type { Container } from '../../engine/container/list.ts'
import { isUserMode } from '../../engine/network/network-flag.ts'
import { readNetworkState } from '../../engine/network/network-release.ts'
import { Nil } from '../format/go-value.ts'
import { endpointId } from '../network/network-row.ts'
import { networksOf } from './container-row.ts'
import { portsOf } from './container-rows.ts'
import { portBindings } from './port-bindings.ts'

export function networkSettingsJson(container: Container, root: string): object {
  const { id, record, state } = container
  const endpoints = readNetworkState(root, id)?.endpoints ?? []
  const networks = networksOf(container).map((name): [name: string, endpoint: object] => {
    const at = endpoints.find(({ network }) => network === name)
    const request = record.options.endpoints.find(({ network }) => network === name)
    return [name, endpointJson(id, at, request?.aliases ?? [])]
  })
  return {
    Bridge: '',
    SandboxID: state.pid === 0 ? '' : id,
    SandboxKey: state.pid === 0 ? '' : `/proc/${state.pid}/ns/net`,
    Ports: portBindings(portsOf(container, root)),
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: new Nil('list'),
    SecondaryIPv6Addresses: new Nil('list'),
    // Docker's older fields are about the default network.
    ...addressesOf(
      id,
      endpoints.find(({ network }) => network === 'bridge' || isUserMode(network)),
    ),
    Networks: new Map(networks),
  }
}

type Endpoint = NonNullable<ReturnType<typeof readNetworkState>>['endpoints'][number]

function addressesOf(id: string, endpoint: Endpoint | undefined) {
  const find = (mark: string) => endpoint?.addresses.find(({ address }) => address.includes(mark))
  const gateway = (mark: string): string => endpoint?.gateways.find((one) => one.includes(mark)) ?? ''
  const [ipv4, ipv6] = [find('.'), find(':')]
  return {
    EndpointID: endpoint === undefined || endpoint.networkId === '' ? '' : endpointId(endpoint.networkId, id),
    Gateway: gateway('.'),
    GlobalIPv6Address: ipv6?.address ?? '',
    GlobalIPv6PrefixLen: ipv6?.prefixLength ?? 0,
    IPAddress: ipv4?.address ?? '',
    IPPrefixLen: ipv4?.prefixLength ?? 0,
    IPv6Gateway: gateway(':'),
    MacAddress: endpoint?.mac ?? '',
  }
}

function endpointJson(id: string, endpoint: Endpoint | undefined, aliases: readonly string[]): object {
  const { EndpointID, MacAddress, ...addresses } = addressesOf(id, endpoint)
  return {
    IPAMConfig: new Nil('pointer'),
    Links: new Nil('list'),
    Aliases: aliases.length > 0 ? aliases : new Nil('list'),
    MacAddress,
    DriverOpts: new Nil('map'),
    GwPriority: 0,
    NetworkID: endpoint?.networkId ?? '',
    EndpointID,
    ...addresses,
    DNSNames: endpoint && endpoint.names.length > 0 ? endpoint.names : new Nil('list'),
  }
}
