/** `--network cni:NAME`: what its plugins will be asked for, before anything is made. */
import { StateError } from '../../../errors.ts'
import { call } from '../../../linux/call.ts'
import { spoilPremises } from '../../../linux/premises.ts'
import type { PublishedPort } from '../../../plan/published-ports.ts'
import type { RunOptions } from '../../run-options.ts'
import type { ContainerNetwork } from '../container-network.ts'
import { publishPorts } from '../publish-ports.ts'
import { type CniNetwork, findCniNetwork } from './config.ts'
import { requirePlugins } from './plugins.ts'

/** @throws StateError where there is no such network, or its plugins do not do what is asked for */
export function chooseCni(options: RunOptions, requests: RunOptions['ports'], id: string): ContainerNetwork {
  if (call('geteuid', []) !== 0)
    throw new StateError(`${options.network} needs root: CNI plugins change devices and rules of the host`)
  // Files of others.
  spoilPremises()
  const network = findCniNetwork(options.network.slice('cni:'.length))
  requirePlugins(network)
  const [request] = options.endpoints
  const place = { network: '', networkId: '', device: 'eth0', mac: '', gateways: [], names: [], leases: [] }
  const ports = publishPorts(
    requests,
    [{ ...place, addresses: [{ address: '0.0.0.0', prefixLength: 0 }] }],
    undefined,
  )
  const ips = [request?.ipv4, request?.ipv6].filter((one) => one !== undefined)
  const runtimeConfig = {
    ...(ports.length > 0 ? { portMappings: ports.map(mappingOf) } : {}),
    ...(ips.length > 0 ? { ips } : {}),
    ...(request?.mac === undefined ? {} : { mac: request.mac }),
    ...(request?.aliases.length ? { aliases: { [network.name]: request.aliases } } : {}),
    ...(options.networkRate === undefined
      ? {}
      : { bandwidth: bandwidthOf(options.networkRate, options.networkBurst) }),
  }
  refuseUnknown(network, Object.keys(runtimeConfig))
  return {
    networks: [],
    made: true,
    devices: [],
    state: {
      id,
      ...(options.name === undefined ? {} : { name: options.name }),
      endpoints: [],
      ports,
      cni: { network, runtimeConfig },
    },
  }
}

const FLAGS: Readonly<Record<string, string>> = {
  portMappings: '--publish',
  ips: '--ip',
  mac: '--mac-address',
  aliases: '--network-alias',
  bandwidth: '--network-rate',
}

/** What no plugin of the network understands would be passed over without a word. */
function refuseUnknown({ name, plugins }: CniNetwork, wanted: readonly string[]): void {
  for (const capability of wanted)
    if (!plugins.some(({ capabilities }) => capabilities?.[capability]))
      throw new StateError(
        `${FLAGS[capability]} needs a plugin with the capability ${capability}, and the CNI network ${name} has none`,
      )
}

const mappingOf = ({ protocol, hostAddress, hostPort, port }: PublishedPort) => ({
  hostPort,
  containerPort: port,
  protocol,
  ...(hostAddress === '0.0.0.0' ? {} : { hostIP: hostAddress }),
})

const BITS = 8
/** What a plugin takes for no limit at all. */
const LARGEST = 0x7fffffff

/** Of the plugin `bandwidth`: bits a second, and bits at once. */
function bandwidthOf(bytesPerSecond: number, burstBytes: number | undefined) {
  const rate = bytesPerSecond * BITS
  const burst = burstBytes === undefined ? Math.min(rate, LARGEST) : burstBytes * BITS
  return { ingressRate: rate, ingressBurst: burst, egressRate: rate, egressBurst: burst }
}
