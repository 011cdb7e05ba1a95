/** Which port of the host leads to which of the container: ranges and free ports decided, addresses filled in. */
import { StateError } from '../../errors.ts'
import type { Endpoint } from '../../network/endpoint.ts'
import { bindError, freePort } from '../../network/host-port.ts'
import type { PublishedPort } from '../../plan/published-ports.ts'
import type { PortRequest } from './port-flag.ts'

const EVERYWHERE = { 4: '0.0.0.0', 6: '::' } as const

/**
 * @param bindAddress what `-p 8080:80` binds on these networks, where they say
 * @throws StateError with Docker's words where a range has no free port
 */
export function publishPorts(
  requests: readonly PortRequest[],
  endpoints: readonly Endpoint[],
  bindAddress: string | undefined,
): PublishedPort[] {
  return requests.flatMap((request) => {
    const four = addressOf(endpoints, '.')
    const six = addressOf(endpoints, ':')
    const wanted = request.hostAddress ?? bindAddress
    const published: PublishedPort[] = []
    let hostPort: number | undefined
    for (const [family, address] of [
      [4, four],
      [6, six],
    ] as const) {
      if (address === undefined) continue
      const hostAddress = wanted ?? defaultAddress(family)
      if (hostAddress === undefined || hostAddress.includes(':') !== (family === 6)) continue
      hostPort ??= choosePort(request, hostAddress)
      published.push({ protocol: request.protocol, hostAddress, hostPort, address, port: request.port })
    }
    // From an address of IPv6 to one of IPv4 nothing leads but a proxy, which there is none of.
    if (published.length === 0 && wanted !== undefined && endpoints.length > 0)
      throw new StateError(
        `Cannot publish ${request.port}/${request.protocol} on ${wanted}: the container has no IPv${wanted.includes(':') ? 6 : 4} address (network create --ipv6 makes networks that have)`,
      )
    return published
  })
}

function addressOf(endpoints: readonly Endpoint[], mark: '.' | ':'): string | undefined {
  for (const { addresses } of endpoints)
    for (const { address } of addresses) if (address.includes(mark)) return address
  return undefined
}

/** What `-p 8080:80` binds: every address, or what TINYCTR_PUBLISH names, such as 127.0.0.1. */
function defaultAddress(family: 4 | 6): string | undefined {
  const named = process.env.TINYCTR_PUBLISH
  return named === undefined || named === '' ? EVERYWHERE[family] : named
}

function choosePort({ protocol, hostPorts }: PortRequest, address: string): number {
  if (hostPorts === undefined || (hostPorts[0] === 0 && hostPorts[1] === 0))
    return freePort(protocol, address)
  const [first, last] = hostPorts
  // One port is not looked at: the plan takes it, or says who holds it.
  if (first === last) return first
  for (let port = first; port <= last; port++) if (bindError(protocol, address, port) === 0) return port
  throw new StateError(`Bind for ${address}:${first}-${last} failed: all ports are allocated`)
}
