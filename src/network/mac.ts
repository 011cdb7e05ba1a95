/**
 * A container's Ethernet address follows from its IPv4 address, as Docker's long did: whoever gets an address anew is
 * found under what the neighbours remember of it. Locally administered, unicast.
 */
import { addressBytes, printMac } from '../linux/abi/netlink/address.ts'

export function macOfAddress(address: string): string {
  const bytes = addressBytes(address) as Uint8Array
  return printMac(Uint8Array.of(0x02, 0x42, ...bytes.subarray(-4)))
}
