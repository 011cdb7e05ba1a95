/** The files of /etc that a container gets, from what it is called and what its host has. */
import { readTextIfAny } from '../../linux/file.ts'
import type { HostFacts } from '../host-facts.ts'
import type { ContainerNetwork } from '../network/container-network.ts'
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
    extra: options.extraHosts,
    ...(options.domainname === undefined ? {} : { domainname: options.domainname }),
    ...(options.network === 'host' ? { hostText: readTextIfAny('/etc/hosts') ?? '' } : {}),
  })
}

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
      readTextIfAny('/etc/resolv.conf') ?? '',
      options.dns,
      !onHost,
      network?.state.resolver,
    ),
  }
}
