/** Which addresses of IP and Ethernet belong together is known beforehand, for most: source-checks.ts. */
import { type Endpoint, GUARDED } from './endpoint.ts'
import { macOfAddress } from './mac.ts'
import { addressNumber, parseSubnet } from './subnet.ts'

/** Of each subnet, so many from its beginning. */
export const FORESEEN = 256n

/** Those of its addresses that somebody must say when it comes, and take back when it goes. */
export function unforeseen({ mac, addresses, hostDevice }: Endpoint): { mac: string; address: string }[] {
  if (!hostDevice?.startsWith(GUARDED)) return []
  return addresses
    .filter(
      ({ address, prefixLength }) =>
        address.includes(':') ||
        mac !== macOfAddress(address) ||
        (addressNumber(address) ?? 0n) - parseSubnet(`${address}/${prefixLength}`).base >= FORESEEN,
    )
    .map(({ address }) => ({ mac, address }))
}
