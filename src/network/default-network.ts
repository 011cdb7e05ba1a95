/** The network `bridge`, which containers hang on when nobody says otherwise: made at its first use. */
import { spoilPremises } from '../linux/premises.ts'
import { DEFAULT_NETWORK, listNetworks, type Network, readNetwork, writeNetwork } from './network.ts'
import { freePool } from './pools.ts'

/** The record, or what it would be. Its id is chosen then, and kept. */
export function defaultNetwork(dataRoot: string): Network {
  const kept = readNetwork(dataRoot, DEFAULT_NETWORK)
  if (!kept) spoilPremises()
  return (
    kept ?? {
      version: 1,
      name: DEFAULT_NETWORK,
      id: randomNetworkId(),
      created: timestamp(),
      driver: 'bridge',
      internal: false,
      attachable: false,
      ipv4: true,
      ipv6: false,
      pools: [freePool(listNetworks(dataRoot))],
      options: {
        'com.docker.network.bridge.default_bridge': 'true',
        'com.docker.network.bridge.name': 'tinyctr0',
      },
      labels: {},
    }
  )
}

/** @returns false where another start was faster, and made another */
export function keepDefaultNetwork(dataRoot: string, network: Network): boolean {
  const kept = readNetwork(dataRoot, DEFAULT_NETWORK)
  if (!kept) writeNetwork(dataRoot, network)
  return kept === undefined || kept.id === network.id
}

export const randomNetworkId = (): string =>
  Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')

/** RFC 3339 with nanoseconds, as Docker writes times. */
export const timestamp = (): string => new Date().toISOString().replace(/Z$/, '000000Z')
