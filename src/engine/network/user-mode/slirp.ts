/** slirp4netns(1): its network, its command line, and the options that `--network slirp4netns:...` takes (podman's). */
import { UsageError } from '../../../errors.ts'
import { parseIpv4 } from '../network-flag.ts'

/** Where it takes orders, in the container's state folder. */
export const SLIRP_SOCKET = 'slirp4netns.sock'

/** What a container has of it. */
export interface UserNetwork {
  readonly address: string
  readonly prefixLength: number
  readonly gateway: string
  /** Answers what the host's own resolver answers, also where that is on the host's loopback. */
  readonly resolver: string
}

/** slirp4netns's places in a network: the way out is its 2nd address, the resolver the 3rd, the container the 100th. */
const [GATEWAY, RESOLVER, CONTAINER] = [2, 3, 100]
const CIDR = '10.0.2.0/24'

/** @param words `cidr=10.0.3.0/24` and others @throws UsageError */
export function slirpNetwork(words: readonly string[]): UserNetwork {
  const cidr = optionsOf(words).get('cidr') ?? CIDR
  const [base = '', length = ''] = cidr.split('/')
  const prefixLength = Number(length)
  const parts = parseIpv4(base).split('.')
  if (!(prefixLength >= 1 && prefixLength <= 25))
    throw new UsageError(`invalid cidr ${cidr}: slirp4netns needs a network of 128 addresses or more`)
  const place = (number: number): string =>
    [...parts.slice(0, 3), String(Number(parts[3]) + number)].join('.')
  return { address: place(CONTAINER), prefixLength, gateway: place(GATEWAY), resolver: place(RESOLVER) }
}

/** @param publishes it takes orders, then @throws UsageError */
export function slirpArguments(words: readonly string[], publishes: boolean): string[] {
  const options = optionsOf(words)
  const isOn = (name: string): boolean => ['true', '1'].includes(options.get(name) ?? '')
  const given = (name: string): string[] =>
    options.has(name) ? [`--${name.replace('_', '-')}=${options.get(name)}`] : []
  return [
    '--configure',
    `--mtu=${options.get('mtu') ?? '65520'}`,
    ...(isOn('allow_host_loopback') ? [] : ['--disable-host-loopback']),
    ...(isOn('enable_ipv6') ? ['--enable-ipv6'] : []),
    ...given('cidr'),
    ...given('outbound_addr'),
    ...given('outbound_addr6'),
    '--enable-sandbox',
    '--enable-seccomp',
    '--ready-fd=3',
    ...(publishes ? [`--api-socket=${SLIRP_SOCKET}`] : []),
    '$pid',
    'eth0',
  ]
}

const KNOWN = ['allow_host_loopback', 'cidr', 'enable_ipv6', 'mtu', 'outbound_addr', 'outbound_addr6']

function optionsOf(words: readonly string[]): Map<string, string> {
  const options = new Map(words.map((word) => word.split('=', 2) as [string, string]))
  for (const [name, value] of options) {
    if (!KNOWN.includes(name))
      throw new UsageError(`invalid option ${name} of slirp4netns: it has ${KNOWN.join(', ')}`)
    if (value === undefined)
      throw new UsageError(`option ${name} of slirp4netns needs a value: ${name}=VALUE`)
  }
  return options
}
