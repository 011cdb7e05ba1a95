/** The files of /etc that a container gets, from what it is called and what its host has. */

import { UsageError } from '../../errors.ts'
import { readTextIfAny } from '../../linux/file.ts'
import { resolvConfForOthers } from '../../network/host-resolver.ts'
import type { HostFacts } from '../host-facts.ts'
import type { ContainerNetwork } from '../network/container-network.ts'
import { HOST_GATEWAY } from '../network/network-name.ts'
import { addressesOf } from '../network/network-preparation.ts'
import type { RunOptions } from '../run-options.ts'
import { containerHostname } from './container-config.ts'
import { etcHostname, etcHosts, etcResolvConf } from './etc-files.ts'

export function hostsText(
  id: string,
  options: RunOptions,
  facts: HostFacts,
  network: ContainerNetwork | undefined,
): string {
  return etcHosts({
    hostname: containerHostname(id, options, facts),
    addresses: addressesOf(network),
    extra: options.extraHosts.map(([name, address]) => [
      name,
      address === HOST_GATEWAY ? hostGateway(options, network) : address,
    ]),
    ...(options.domainname === undefined ? {} : { domainname: options.domainname }),
    ...(options.network === 'host' ? { hostText: readTextIfAny('/etc/hosts') ?? '' } : {}),
  })
}

/** The host as its containers reach it. @throws UsageError with Docker's words */
function hostGateway({ network: mode }: RunOptions, network: ContainerNetwork | undefined): string {
  if (mode === 'host') return '127.0.0.1'
  const [gateway] = network?.state.endpoints.flatMap(({ gateways }) => gateways) ?? []
  if (gateway === undefined)
    throw new UsageError('unable to derive the IP value for host-gateway: the container has no way out')
  return gateway
}

/** What Docker asks where its host asks nobody: Google Public DNS. */
const PUBLIC_RESOLVERS = ['8.8.8.8', '8.8.4.4']

export function etcFiles(
  id: string,
  options: RunOptions,
  facts: HostFacts,
  network: ContainerNetwork | undefined,
): Record<string, string> {
  const onHost = options.network === 'host'
  return {
    // Where neighbours have names, the file is made when its place among them is taken.
    ...(network?.state.hosts === undefined ? { hosts: hostsText(id, options, facts, network) } : {}),
    ...(network ? { network: JSON.stringify(network.state) } : {}),
    hostname: etcHostname(containerHostname(id, options, facts)),
    'resolv.conf': etcResolvConf(
      onHost ? (readTextIfAny('/etc/resolv.conf') ?? '') : resolvConfForOthers(),
      options.dns,
      !onHost,
      network?.state.resolver,
      network?.state.endpoints.some(({ gateways }) => gateways.length > 0) ? PUBLIC_RESOLVERS : [],
    ),
  }
}
