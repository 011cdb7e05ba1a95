/** Which namespaces a container has of its own (moby daemon/oci_linux.go WithNamespaces). */
import { ConfigError } from '../../errors.ts'
import type { IDMapping, Namespace, NamespaceType } from '../../oci/runtime-spec.ts'
import type { HostFacts } from '../host-facts.ts'
import type { RunOptions } from '../run-options.ts'

export interface ContainerNamespaces {
  namespaces: Namespace[]
  uidMappings?: IDMapping[]
  gidMappings?: IDMapping[]
}

/** Of its own, or another container's. */
export const hasUserNamespace = ({ namespaces }: Pick<ContainerNamespaces, 'namespaces'>): boolean =>
  namespaces.some(({ type }) => type === 'user')

/** @throws ConfigError where the host cannot make what was asked for */
export function containerNamespaces(options: RunOptions, host: HostFacts): ContainerNamespaces {
  const own: [NamespaceType, boolean][] = [
    ['mount', true],
    ['network', options.network !== 'host'],
    ['uts', options.uts !== 'host'],
    ['pid', options.pid !== 'host'],
    ['ipc', options.ipc !== 'host'],
    ['cgroup', options.cgroupns !== 'host'],
  ]
  const namespaces = own
    .filter(([, isOwn]) => isOwn)
    .map(([type]): Namespace => {
      const path = type === 'network' ? host.networkNamespace : type === 'pid' ? host.pidNamespace : undefined
      return path === undefined ? { type } : { type, path }
    })
  if (host.rootless && options.userns === 'host') {
    throw new ConfigError('--userns', "Cannot use the host's user namespace: only root can")
  }
  if (!host.rootless && options.userns !== 'private') return { namespaces }

  // Whose network it is has the ids as well: another user namespace would have no rights over it.
  if (host.userNamespace !== undefined)
    return { namespaces: [...namespaces, { type: 'user', path: host.userNamespace }] }
  if (host.idMappings === undefined) {
    throw new ConfigError(
      '--userns',
      'Cannot make a user namespace: there are no ids to map (see subuid(5) and subgid(5))',
    )
  }
  const { uid, gid } = host.idMappings
  return { namespaces: [...namespaces, { type: 'user' }], uidMappings: uid, gidMappings: gid }
}
