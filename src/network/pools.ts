/** Which subnet a network gets when nobody names one: the first of Docker's default pools that nothing here uses. */
import { UsageError } from '../errors.ts'
import { AF, NETLINK, RT_TABLE } from '../linux/abi/flags.ts'
import { message } from '../linux/abi/netlink/messages.ts'
import { ask, withNetlink } from '../linux/netlink.ts'
import type { AddressPool, Network } from './network.ts'
import { addressText, overlap, parseSubnet, printSubnet, type Subnet } from './subnet.ts'

/** What Docker cuts its networks from: whole /16, then parts of 192.168.0.0/16. */
function* defaultSubnets(): Generator<Subnet> {
  for (let second = 17; second <= 31; second++) yield parseSubnet(`172.${second}.0.0/16`)
  for (let third = 0; third < 256; third += 16) yield parseSubnet(`192.168.${third}.0/20`)
}

/** Subnets that the host reaches without a gateway or with one: all but the way out. */
function routedSubnets(): Subnet[] {
  return withNetlink(NETLINK.ROUTE, (fd) =>
    [AF.INET, AF.INET6].flatMap((rtm_family) =>
      ask(fd, message('RTM_GETROUTE', 0, { rtm_family }), 'RTM_NEWROUTE').flatMap(({ header, attributes }) =>
        header.rtm_table === RT_TABLE.MAIN && typeof attributes.RTA_DST === 'string'
          ? [parseSubnet(`${attributes.RTA_DST}/${header.rtm_dst_len}`)]
          : [],
      ),
    ),
  )
}

/** @throws UsageError with Docker's words where all are taken */
export function freePool(networks: readonly Network[]): AddressPool {
  const taken = [
    ...routedSubnets(),
    ...networks.flatMap(({ pools }) => pools.map(({ subnet }) => parseSubnet(subnet))),
  ]
  for (const subnet of defaultSubnets())
    if (!taken.some((other) => overlap(subnet, other))) return withGateway(printSubnet(subnet))
  throw new UsageError('all predefined address pools have been fully subnetted')
}

/** A range that is nobody else's with great likelihood (RFC 4193): fd, 40 bits of the network's id, /64. */
export function localIpv6Pool(id: string): AddressPool {
  const digits = id.slice(0, 10)
  return withGateway(`fd${digits.slice(0, 2)}:${digits.slice(2, 6)}:${digits.slice(6, 10)}::/64`)
}

/** The first address of a subnet is its gateway's, unless somebody says otherwise. */
export function withGateway(subnet: string, pool: Partial<AddressPool> = {}): AddressPool {
  const parsed = parseSubnet(subnet)
  return {
    ...pool,
    subnet: printSubnet(parsed),
    gateway: pool.gateway ?? addressText(parsed.family, parsed.base + 1n),
  }
}

/** @throws UsageError with Docker's words */
export function refuseOverlap(networks: readonly Network[], pools: readonly AddressPool[]): void {
  for (const network of networks)
    for (const { subnet } of network.pools)
      if (pools.some((pool) => overlap(parseSubnet(pool.subnet), parseSubnet(subnet))))
        throw new UsageError('invalid pool request: Pool overlaps with other one on this address space')
}
