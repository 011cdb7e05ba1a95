/**
 * `--network container:NAME` and `--network ns:PATH`: somebody else's network namespace, entered and left as it is. And
 * that of `--network cni:NAME`, which plugins fill before the container is there.
 */
import { StateError } from '../../errors.ts'
import { spoilPremises } from '../../linux/premises.ts'
import { hostsFileOf } from '../../network/hosts-files.ts'
import type { ContainerFolders } from '../container/record.ts'
import type { HostFacts } from '../host-facts.ts'
import { NAMESPACE } from './cni/config.ts'
import { isCni } from './network-flag.ts'

export interface JoinedNetwork {
  /** Of the namespace: `/proc/PID/ns/net`, or what was given. */
  readonly path: string
  /** The other container, whose /etc/hosts, resolv.conf and host name are shared with the network. */
  readonly of?: {
    readonly stateFolder: string
    readonly hosts: string
    readonly hostname: string
    readonly userNamespace: string
  }
}

/** @param own the container's id @throws StateError with Docker's words */
export async function joinedNetwork(
  mode: string,
  own: string,
  folders: ContainerFolders,
): Promise<JoinedNetwork | undefined> {
  if (isCni(mode)) return { path: `${folders.root}/${own}/${NAMESPACE}` }
  if (mode.startsWith('ns:')) return { path: mode.slice('ns:'.length) }
  if (!mode.startsWith('container:')) return undefined
  // Who has the name, and which process it is, may be another the next time.
  spoilPremises()
  const { findContainer } = await import('../container/list.ts')
  const { id, state, record } = findContainer(folders.dataRoot, mode.slice('container:'.length))
  if (state.pid === 0) throw new StateError(`cannot join network of a non running container: ${id}`)
  const stateFolder = `${folders.root}/${id}`
  return {
    path: `/proc/${state.pid}/ns/net`,
    of: {
      stateFolder,
      hosts: hostsFileOf(folders.root, id),
      userNamespace: `/proc/${state.pid}/ns/user`,
      hostname: record.options.hostname ?? id.slice(0, 12),
    },
  }
}

/** What the container's config must know of it. */
export const withNetwork = (facts: HostFacts, joined: JoinedNetwork | undefined): HostFacts => ({
  ...facts,
  ...(joined ? { networkNamespace: joined.path } : {}),
  ...(facts.rootless && joined?.of ? { userNamespace: joined.of.userNamespace } : {}),
})
