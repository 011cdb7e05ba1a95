/** `--network`: the mode of a container's network namespace, and the networks it hangs on (docker/cli opts/network.go). */
import { UsageError } from '../../errors.ts'
import { addressBytes, macBytes } from '../../linux/abi/netlink/address.ts'

/** A network that a container hangs on, and how. */
export interface EndpointRequest {
  readonly network: string
  readonly aliases: readonly string[]
  readonly ipv4?: string
  readonly ipv6?: string
  readonly mac?: string
  /** The name of the device inside: `eth0`. */
  readonly device?: string
  /** The highest gives the way out. */
  readonly gatewayPriority?: number
}

const DEVICE_NAME = 'com.docker.network.endpoint.ifname'

/** `NAME`, or `name=NAME,ip=...,alias=...`. @throws UsageError with Docker's words */
export function parseNetworkFlag(text: string): EndpointRequest {
  if (!/^[^:]+=/.test(text)) return { network: modeOf(text), aliases: [] }
  const fields: Record<string, string[]> = {}
  for (const field of text.split(',')) {
    const [, key = '', value = ''] = /^\s*([^=]*?)\s*=\s*(.*)$/.exec(field) ?? []
    if (!KEYS.includes(key.toLowerCase())) throw new UsageError(`invalid field key ${key || field}`)
    fields[key.toLowerCase()] = [...(fields[key.toLowerCase()] ?? []), value]
  }
  const network = fields.name?.at(-1)
  if (!network) throw new UsageError('network name/id is not specified')
  const options = new Map((fields['driver-opt'] ?? []).map((one) => one.split('=', 2) as [string, string]))
  const one = <T>(key: string, parse: (text: string) => T): T | undefined => {
    const value = fields[key]?.at(-1)
    return value === undefined ? undefined : parse(value)
  }
  return withoutUndefined({
    network: modeOf(network),
    aliases: fields.alias ?? [],
    ipv4: one('ip', parseIpv4),
    ipv6: one('ip6', parseIpv6),
    mac: one('mac-address', parseMac),
    gatewayPriority: one('gw-priority', Number),
    device: options.get(DEVICE_NAME),
  })
}

const KEYS = ['name', 'alias', 'ip', 'ip6', 'mac-address', 'driver-opt', 'link-local-ip', 'gw-priority']

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

function withoutUndefined(
  request: { [K in keyof EndpointRequest]: EndpointRequest[K] | undefined },
): EndpointRequest {
  return Object.fromEntries(
    Object.entries(request).filter(([, value]) => value !== undefined),
  ) as Defined<EndpointRequest>
}

/** `default` is the bridge; podman's `private` too. */
function modeOf(text: string): string {
  if (text === 'default' || text === 'private') return 'bridge'
  if (text === '') throw new UsageError('network name/id is not specified')
  if (/^(container|ns|cni):$/.test(text)) throw new UsageError(`invalid network mode: ${text} names nothing`)
  return text
}

/** Modes that are no network. */
export const isOwnNamespace = (mode: string): boolean => mode !== 'host' && !/^(container|ns):/.test(mode)
export const isNamedNetwork = (mode: string): boolean =>
  isOwnNamespace(mode) && mode !== 'none' && !isUserMode(mode) && !isCni(mode)
/** `pasta`, `slirp4netns`, each with options behind a colon: networks of those who are not root. */
export const isUserMode = (mode: string): boolean => /^(pasta|slirp4netns)(:|$)/.test(mode)
/** `cni:NAME`: a network that plugins make. */
export const isCni = (mode: string): boolean => mode.startsWith('cni:')
/** There is more than a loopback, and it is the container's own. */
export const isConnected = (mode: string): boolean => isOwnNamespace(mode) && mode !== 'none'

/** @throws UsageError */
export function parseIpv4(text: string): string {
  if (addressBytes(text)?.length !== 4) throw new UsageError(`invalid IPv4 address: ${text}`)
  return text
}

/** @throws UsageError */
export function parseIpv6(text: string): string {
  if (addressBytes(text)?.length !== 16) throw new UsageError(`invalid IPv6 address: ${text}`)
  return text
}

/** @throws UsageError with Docker's words */
export function parseMac(text: string): string {
  if (!macBytes(text)) throw new UsageError(`${text} is not a valid mac address`)
  return text.toLowerCase().replaceAll('-', ':')
}

/** Bits a second, as tc(8) and Docker's rates have them: `10mbit`, `500kbit`; or bytes: `1MB`. */
export function parseRate(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text) ?? []
  const factor = RATE_UNITS[unit.toLowerCase()]
  if (number === '' || factor === undefined)
    throw new UsageError(
      `invalid rate: ${text}: expected a number and bit, kbit, mbit, gbit or B, kB, MB, GB`,
    )
  return Math.round(Number(number) * factor)
}

/** Bytes a second. */
const RATE_UNITS: Readonly<Record<string, number>> = {
  bit: 1 / 8,
  kbit: 125,
  mbit: 125_000,
  gbit: 125_000_000,
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  k: 1e3,
  m: 1e6,
  g: 1e9,
}
