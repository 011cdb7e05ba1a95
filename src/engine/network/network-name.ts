/** Names and addresses a container carries: `--name`, `--hostname`, `--add-host`, `--dns`. */
import { UsageError } from '../../errors.ts'

/** @throws UsageError with Docker's words */
export function parseContainerName(text: string): string {
  if (!/^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(text)) {
    throw new UsageError(`Invalid container name (${text}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`)
  }
  return text.replace(/^\//, '')
}

/** sethostname(2) takes 64 bytes; the name is also written into files of lines and words. @throws UsageError */
export function parseHostname(text: string): string {
  if (!/^[^\s\0-\x1f\x7f#]{1,64}$/.test(text) || new TextEncoder().encode(text).length > 64) {
    throw new UsageError(`invalid hostname: "${text}": 1 to 64 bytes without blanks`)
  }
  return text
}

const isIpv4 = (text: string): boolean =>
  /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/.test(text)

/** RFC 4291: eight groups of up to four digits, one run of them shortened to `::`, an IPv4 tail allowed. */
function isIpv6(text: string): boolean {
  const [, head = '', tail] = /^(.*:)([\d.]+)$/.exec(text) ?? []
  const plain = tail !== undefined && isIpv4(tail) ? `${head}0:0` : text
  const halves = plain.split('::')
  if (halves.length > 2 || !/^[0-9a-f:]+$/i.test(plain)) return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  const enough = halves.length === 2 ? groups.length <= 7 : groups.length === 8
  return enough && groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))
}

export const isAddress = (text: string): boolean => isIpv4(text) || isIpv6(text.replace(/%[\w.-]+$/, ''))

/** `--dns`. @throws UsageError with Docker's words */
export function parseAddress(text: string): string {
  const address = text.trim()
  if (!isAddress(address)) throw new UsageError(`${text} is not an ip address`)
  return address
}

/** Instead of an address: that of the host, as the container reaches it. */
export const HOST_GATEWAY = 'host-gateway'

/** `--add-host NAME:IP`, also `NAME=IP` and `NAME:[IPv6]`. @throws UsageError with Docker's words */
export function parseAddHost(text: string): [name: string, address: string] {
  const at = text.search(/[=:]/)
  const name = text.slice(0, Math.max(at, 0))
  if (name === '' || /[\s\0]/.test(name)) throw new UsageError(`bad format for add-host: "${text}"`)
  const address = text.slice(at + 1).replace(/^\[(.*)\]$/, '$1')
  if (address !== HOST_GATEWAY && !isAddress(address))
    throw new UsageError(`invalid IP address in add-host: "${address}"`)
  return [name, address]
}

/** `--dns-search`; `.` clears what the host has. @throws UsageError with Docker's words */
export function parseSearchDomain(text: string): string {
  const domain = text.trim()
  if (domain !== '.' && !/^[a-zA-Z0-9_](?:[\w.-]*[a-zA-Z0-9])?\.?$/.test(domain)) {
    throw new UsageError(`${text} is not a valid domain`)
  }
  return domain
}
