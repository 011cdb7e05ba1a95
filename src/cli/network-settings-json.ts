/** How a container is reached, as `docker inspect` prints it (moby NetworkSettings). */
import type { Container } from '../engine/container/list.ts'
import { networksOf } from './container-row.ts'
import { portsOf } from './container-rows.ts'
import { Nil } from './format/go-value.ts'
import type { Port } from './port-list.ts'

const noEndpoint = {
  IPAMConfig: new Nil('pointer'),
  Links: new Nil('list'),
  Aliases: new Nil('list'),
  MacAddress: '',
  DriverOpts: new Nil('map'),
  GwPriority: 0,
  NetworkID: '',
  EndpointID: '',
  Gateway: '',
  IPAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
  DNSNames: new Nil('list'),
}

export function networkSettingsJson(container: Container): object {
  return {
    Bridge: '',
    SandboxID: '',
    SandboxKey: container.state.pid === 0 ? '' : `/proc/${container.state.pid}/ns/net`,
    Ports: portBindings(portsOf(container)),
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: new Nil('list'),
    SecondaryIPv6Addresses: new Nil('list'),
    EndpointID: '',
    Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    IPAddress: '',
    IPPrefixLen: 0,
    IPv6Gateway: '',
    MacAddress: '',
    Networks: new Map(networksOf(container).map((name) => [name, noEndpoint])),
  }
}

/** By `80/tcp`; where nothing is published, nil. */
export function portBindings(ports: readonly Port[]): Map<string, unknown> {
  const bindings = new Map<string, unknown>()
  for (const { privatePort, protocol, published } of ports) {
    const name = `${privatePort}/${protocol}`
    if (published === undefined) {
      if (!bindings.has(name)) bindings.set(name, new Nil('list'))
      continue
    }
    const before = bindings.get(name)
    const own = { HostIp: published.address, HostPort: String(published.port) }
    bindings.set(name, Array.isArray(before) ? [...before, own] : [own])
  }
  return bindings
}
