/** The mounts of a container: Docker's, the user's, and the files the container gets from its host. */
import type { Mount, NamespaceType, RootfsPropagation } from '../../oci/runtime-spec.ts'
import { SUBDIRECTORY } from '../../plan/mount-options.ts'
import type { ContainerPaths } from '../host-facts.ts'
import type { RunOptions } from '../run-options.ts'
import { type ContainerNamespaces, hasUserNamespace } from './container-namespaces.ts'
import { pathDepth } from './container-path.ts'
import { defaultMounts } from './default-config.ts'
import type { BindRequest, MountRequest } from './mount-request.ts'

/**
 * A kernel filesystem shows one namespace, and a user namespace may mount it only if it owns that namespace; else the
 * host's own mount of it is bound.
 */
const shows: Record<string, NamespaceType> = {
  '/proc': 'pid',
  '/sys': 'network',
  '/sys/fs/cgroup': 'cgroup',
  '/dev/mqueue': 'ipc',
}

function bindMount(request: BindRequest): Mount {
  const readonly = request.recursive && request.recursiveReadonly ? 'rro' : 'ro'
  return {
    destination: request.destination,
    type: 'bind',
    source: request.source,
    options: [
      request.recursive ? 'rbind' : 'bind',
      ...(request.readonly ? [readonly] : []),
      request.propagation,
    ],
  }
}

function requestedMount(request: MountRequest): Mount {
  const { destination } = request
  if (request.type === 'bind') return bindMount(request)
  if (request.type === 'tmpfs')
    return { destination, type: 'tmpfs', source: 'tmpfs', options: request.options }
  const { copiesUp = false, readonly, source = '', subpath, filesystem } = request
  if (filesystem) {
    const bound = filesystem.options.some((option) => option === 'bind' || option === 'rbind')
    const options = [...filesystem.options, ...(readonly ? ['ro'] : []), ...(bound ? ['rprivate'] : [])]
    return { destination, type: bound ? 'bind' : filesystem.type, source: filesystem.device, options }
  }
  // rro comes after the copy, ro before it.
  const options = [
    'rbind',
    ...(copiesUp ? ['tmpcopyup'] : []),
    ...(subpath === undefined ? [] : [SUBDIRECTORY + subpath]),
    ...(readonly ? ['rro'] : []),
    'rprivate',
  ]
  return { destination, type: 'bind', source, options }
}

/** /etc/hosts and its like: written by the caller, read-only if the rootfs is. */
function hostFiles(paths: ContainerPaths, readonly: boolean): Mount[] {
  const file = (destination: string, source: string): Mount => ({
    destination,
    type: 'bind',
    source,
    options: ['bind', ...(readonly ? ['ro'] : [])],
  })
  return [
    file('/etc/resolv.conf', paths.resolvConf),
    file('/etc/hostname', paths.hostname),
    file('/etc/hosts', paths.hosts),
  ]
}

const covers = (gid: number, mappings: ContainerNamespaces['gidMappings']): boolean =>
  (mappings ?? []).some(({ containerID, size }) => gid >= containerID && gid < containerID + size)

/** A default mount as these options and namespaces want it; undefined: not at all. */
function adapt(
  mount: Readonly<Mount>,
  options: RunOptions,
  own: ContainerNamespaces,
  hasMqueue: boolean,
): Mount | undefined {
  const { destination } = mount
  let mountOptions = [...(mount.options ?? [])]
  if (destination === '/dev/shm') {
    if (options.ipc === 'none') return undefined
    mountOptions.push(`size=${options.shmSizeBytes}`)
  }
  if (options.privileged && (destination === '/sys' || mount.type === 'cgroup')) {
    mountOptions = mountOptions.filter((option) => option !== 'ro')
  }
  const inUserNamespace = hasUserNamespace(own)
  if (inUserNamespace && destination === '/dev/pts' && !covers(5, own.gidMappings)) {
    mountOptions = mountOptions.filter((option) => option !== 'gid=5')
  }
  const shown = shows[destination]
  if (inUserNamespace && shown !== undefined && !own.namespaces.some(({ type }) => type === shown)) {
    if (destination === '/dev/mqueue' && !hasMqueue) return undefined
    return { destination, type: 'bind', source: destination, options: ['rbind', ...mountOptions, 'rprivate'] }
  }
  return { ...mount, options: mountOptions }
}

/** The host's System V and POSIX shared memory, for `--ipc host`. */
const hostShm: Mount = {
  destination: '/dev/shm',
  type: 'bind',
  source: '/dev/shm',
  options: ['rbind', 'rprivate'],
}

/** Docker's first, then the others, folders before what is in them. A mount of the user's replaces any other. */
export function containerMounts(
  options: RunOptions,
  own: ContainerNamespaces,
  paths: ContainerPaths,
  hasMqueue = true,
): Mount[] {
  const asked = options.mounts.map(requestedMount)
  if (options.ipc === 'host') asked.push(hostShm)
  const taken = new Set(asked.map(({ destination }) => destination))
  const defaults = defaultMounts
    .filter(
      ({ destination }) => !taken.has(destination) && !(taken.has('/dev') && destination.startsWith('/dev/')),
    )
    .map((mount) => adapt(mount, options, own, hasMqueue))
    .filter((mount) => mount !== undefined)
  const files = hostFiles(paths, options.readonlyRootfs).filter(({ destination }) => !taken.has(destination))
  const others = [...asked, ...files].sort((a, b) => pathDepth(a.destination) - pathDepth(b.destination))
  return [...defaults, ...others]
}

/** A mount that shares with the host needs a root that does. */
export function rootfsPropagation(mounts: readonly MountRequest[]): RootfsPropagation | undefined {
  const wanted = mounts.map((mount) => (mount.type === 'bind' ? mount.propagation : 'private'))
  if (wanted.some((propagation) => propagation.endsWith('shared'))) return 'shared'
  return wanted.some((propagation) => propagation.endsWith('slave')) ? 'rslave' : undefined
}
