/** `--network` and the flags that refine it, put together: what Docker allows of them, in its words. */
import {
  type EndpointRequest,
  isCni,
  isNamedNetwork,
  parseNetworkFlag,
} from '../../engine/network/network-flag.ts'
import type { RunOptions } from '../../engine/run-options.ts'
import { UsageError } from '../../errors.ts'
import type { RunFlagValues } from './run-flags.ts'

type NetworkOptions = Pick<
  RunOptions,
  'network' | 'endpoints' | 'ports' | 'publishAll' | 'expose' | 'networkRate' | 'networkBurst'
>

/**
 * @param unsaid the network of those who name none
 * @throws UsageError for what cannot stand together
 */
export function networkOptions(flags: RunFlagValues, unsaid: string): NetworkOptions {
  const given = flags.network ?? [parseNetworkFlag(unsaid)]
  const [first] = given as [EndpointRequest, ...EndpointRequest[]]
  const mode = first.network
  if (given.some(({ network }) => !isNamedNetwork(network)) && given.length > 1) {
    throw new UsageError(
      'conflicting options: cannot attach both user-defined and non-user-defined network-modes',
    )
  }
  checkMode(flags, mode)
  return {
    network: mode,
    endpoints: isNamedNetwork(mode) || isCni(mode) ? [refined(first, flags), ...given.slice(1)] : [],
    ports: (flags.publish ?? []).flat(),
    publishAll: flags['publish-all'] ?? false,
    expose: (flags.expose ?? []).flat(),
    networkRate: flags['network-rate'],
    networkBurst: flags['network-burst'],
  }
}

/** Flags that mean nothing without a network. */
const ASK_FOR_ONE = [
  'publish',
  'publish-all',
  'ip',
  'ip6',
  'mac-address',
  'network-alias',
  'network-rate',
  'network-burst',
] as const

export const asksForNetwork = (flags: RunFlagValues): boolean =>
  ASK_FOR_ONE.some((name) => flags[name] !== undefined)

/** The flags beside `--network` speak of the first. */
function refined(first: EndpointRequest, flags: RunFlagValues): EndpointRequest {
  const { ip, ip6, 'mac-address': mac, 'network-alias': aliases = [] } = flags
  const twice = (flag: string): UsageError =>
    new UsageError(
      `conflicting options: cannot specify both --${flag} and per-network ${flag === 'network-alias' ? 'alias' : flag}`,
    )
  if (ip !== undefined && first.ipv4 !== undefined) throw twice('ip')
  if (ip6 !== undefined && first.ipv6 !== undefined) throw twice('ip6')
  if (mac !== undefined && first.mac !== undefined) throw twice('mac-address')
  if (aliases.length > 0 && first.aliases.length > 0) throw twice('network-alias')
  return {
    ...first,
    aliases: [...first.aliases, ...aliases],
    ...(ip === undefined ? {} : { ipv4: ip }),
    ...(ip6 === undefined ? {} : { ipv6: ip6 }),
    ...(mac === undefined ? {} : { mac }),
  }
}

function checkMode(flags: RunFlagValues, mode: string): void {
  const refuse = (fact: string): never => {
    throw new UsageError(`conflicting options: ${fact}`)
  }
  if (mode.startsWith('container:')) {
    if (flags.hostname !== undefined) refuse('hostname and the network mode')
    if (flags.publish !== undefined || flags['publish-all'])
      refuse('port publishing and the container type network mode')
    if (flags.expose !== undefined) refuse('port exposing and the container type network mode')
    if (flags.dns !== undefined) refuse('dns and the network mode')
    if (flags['add-host'] !== undefined) refuse('custom host-to-IP mapping and the network mode')
    if (flags['mac-address'] !== undefined) refuse('mac-address and the network mode')
  }
  if (isNamedNetwork(mode) || isCni(mode)) return
  if (flags.ip !== undefined || flags.ip6 !== undefined)
    refuse('user specified IP address is supported on user defined networks only')
  if (flags['network-alias'] !== undefined)
    refuse('network-scoped aliases are only supported for user-defined networks')
  if (mode === 'host' && flags['network-rate'] !== undefined) refuse("a rate and the host's network")
}
