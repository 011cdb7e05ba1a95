/** Ranges of addresses: `172.17.0.0/16`, `fd00:1::/64`. As numbers, so that one address follows another. */
import { UsageError } from '../errors.ts'
import { addressBytes, printAddress } from '../linux/abi/netlink/address.ts'

export interface Subnet {
  readonly family: 4 | 6
  /** Its first address, as a number. */
  readonly base: bigint
  readonly prefixLength: number
}

export function addressNumber(text: string): bigint | undefined {
  return addressBytes(text)?.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n)
}

export function addressText(family: 4 | 6, number: bigint): string {
  const bytes = new Uint8Array(family === 4 ? 4 : 16)
  for (let i = bytes.length - 1, rest = number; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn)
  return printAddress(bytes)
}

const bitsOf = (family: 4 | 6): number => (family === 4 ? 32 : 128)

/** How many addresses it has. */
export const sizeOf = ({ family, prefixLength }: Subnet): bigint =>
  1n << BigInt(bitsOf(family) - prefixLength)

/** @throws UsageError with Docker's words */
export function parseSubnet(text: string): Subnet {
  const subnet = subnetOf(text)
  if (!subnet) throw new UsageError(`invalid CIDR address: ${text}`)
  return subnet
}

function subnetOf(text: string): Subnet | undefined {
  const [, address = '', length = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  const number = addressNumber(address)
  const family = address.includes(':') ? 6 : 4
  const prefixLength = Number(length)
  if (number === undefined || prefixLength > bitsOf(family)) return undefined
  const size = 1n << BigInt(bitsOf(family) - prefixLength)
  return { family, base: (number / size) * size, prefixLength }
}

export const printSubnet = ({ family, base, prefixLength }: Subnet): string =>
  `${addressText(family, base)}/${prefixLength}`

export const firstAddress = ({ family, base }: Subnet): string => addressText(family, base)
export const lastAddress = (subnet: Subnet): string =>
  addressText(subnet.family, subnet.base + sizeOf(subnet) - 1n)

export function contains(subnet: Subnet, address: string): boolean {
  const number = addressNumber(address)
  const family = address.includes(':') ? 6 : 4
  return (
    number !== undefined &&
    family === subnet.family &&
    number >= subnet.base &&
    number < subnet.base + sizeOf(subnet)
  )
}

export const overlap = (one: Subnet, other: Subnet): boolean =>
  one.family === other.family && one.base < other.base + sizeOf(other) && other.base < one.base + sizeOf(one)
