/**
 * Namespaces (namespaces(7)): which are new, which are joined, and in how many clones.
 *
 * New ones come with the clone3(2) that starts the container. Three things cannot be had that way and need a second
 * clone, made by the first child once it is inside: a joined pid namespace (only children enter it), a joined user
 * namespace (what is made afterwards must belong to it), and a time namespace with offsets (no process may have entered
 * it when they are written, time_namespaces(7)).
 */

import { ConfigError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { AT, CLONE } from '../linux/abi/flags.ts'
import type { Slot } from '../linux/abi/kinds.ts'
import type { Config, NamespaceType } from '../oci/runtime-spec.ts'
import { call, PID, type Step, slot } from './step.ts'

/** As setns(2) takes them. */
export const CLONE_FLAG: Record<NamespaceType, number> = {
  user: CLONE.NEWUSER,
  pid: CLONE.NEWPID,
  network: CLONE.NEWNET,
  mount: CLONE.NEWNS,
  uts: CLONE.NEWUTS,
  ipc: CLONE.NEWIPC,
  cgroup: CLONE.NEWCGROUP,
  time: CLONE.NEWTIME,
}

/** By the container itself: at clone time its root would be the parent's cgroup (cgroup_namespaces(7)). */
const UNSHARED: ReadonlySet<NamespaceType> = new Set(['cgroup'])

/** The user namespace first: it owns the others. The mount namespace last: `/proc` must still be the host's before. */
const JOIN_ORDER: readonly NamespaceType[] = [
  'user',
  'pid',
  'network',
  'uts',
  'ipc',
  'cgroup',
  'time',
  'mount',
]

export interface Namespaces {
  readonly created: ReadonlySet<NamespaceType>
  readonly joined: ReadonlyMap<NamespaceType, { path: string; at: string }>
  /** CLONE_NEW* of the first clone, and of the second where one is needed. */
  readonly flags: number
  readonly relayFlags: number | undefined
}

export function readNamespaces(config: Config): Namespaces {
  const created = new Set<NamespaceType>()
  const joined = new Map<NamespaceType, { path: string; at: string }>()
  config.linux?.namespaces?.forEach((namespace, i) => {
    if (namespace.path) joined.set(namespace.type, { path: namespace.path, at: `/linux/namespaces/${i}` })
    else created.add(namespace.type)
  })
  if (!created.has('mount') && !joined.has('mount')) {
    throw new ConfigError(
      '/linux/namespaces',
      'expected a mount namespace: without one the root would change for the whole host',
    )
  }
  const offsets = created.has('time') && hasOffsets(config)
  const relay = joined.has('pid') || joined.has('user') || offsets
  const all = [...created]
  const flagsOf = (types: readonly NamespaceType[]): number =>
    types.reduce((sum, type) => sum + (UNSHARED.has(type) ? 0 : CLONE_FLAG[type]), 0)
  if (!relay) return { created, joined, flags: flagsOf(all), relayFlags: undefined }
  // The relay makes nothing but the user namespace, whose maps the host writes before the rest is made in it.
  // And the network namespace, where the host half makes devices while the relay lives.
  const early = (type: NamespaceType): boolean =>
    type === 'user' || (type === 'network' && !joined.has('user'))
  const first = all.filter(early)
  const later = all.filter((type) => !early(type) && !(type === 'time' && offsets))
  return { created, joined, flags: flagsOf(first), relayFlags: flagsOf(later) }
}

const hasOffsets = (config: Config): boolean => Object.keys(config.linux?.timeOffsets ?? {}).length > 0

/** Enters the namespaces given by path, then makes the second clone where one is needed. */
export function joinSteps(
  config: Config,
  namespaces: Namespaces,
  opened: ReadonlyMap<NamespaceType, ReturnType<typeof slot>>,
): Step[] {
  const steps: Step[] = []
  const inside = (type: NamespaceType) => slot(`inside_${type}`)
  // Not every namespace to join belongs to the user namespace to join: the others are entered with what we are now.
  const early: readonly NamespaceType[] = opened.has('user')
    ? JOIN_ORDER.filter((type) => type !== 'user' && type !== 'mount')
    : []
  for (const type of early) {
    const fd = opened.get(type)
    const at = namespaces.joined.get(type)?.at
    if (!fd || !at) continue
    steps.push(
      call('setns', [fd, CLONE_FLAG[type]], {
        into: inside(type),
        tolerate: ['EPERM'],
        why: `enter the ${type} namespace while we may: it may be somebody else's`,
        at,
      }),
    )
  }
  for (const type of JOIN_ORDER) {
    const fd = opened.get(type)
    const at = namespaces.joined.get(type)?.at
    if (!fd || !at) continue
    steps.push(
      call('setns', [fd, CLONE_FLAG[type]], {
        ...(early.includes(type) ? { unless: inside(type) } : {}),
        why: `enter the ${type} namespace`,
        at,
      }),
    )
    if (type === 'user') {
      steps.push(
        call('setresgid', [0, 0, 0], { why: 'group 0 of the joined user namespace', at }),
        call('setresuid', [0, 0, 0], { why: 'user 0 of the joined user namespace', at }),
      )
    }
  }
  if (namespaces.created.has('time') && hasOffsets(config)) steps.push(...timeSteps(config))
  if (namespaces.relayFlags !== undefined) {
    steps.push(
      // The monitor must be the parent, and CLONE_PARENT hands down our own exit signal.
      call('clone3', [{ flags: CLONE.PARENT + namespaces.relayFlags }], {
        role: 'relay',
        into: PID,
        why: 'only a child enters the pid and time namespaces, and what it makes belongs to the user namespace',
        at: '/linux/namespaces',
      }),
    )
  }
  return steps
}

/** The slot of a namespace given by path. */
export const joinedNamespace = (type: NamespaceType): Slot => slot(`${type}_ns`)

/** Opens the joined namespaces while the host's paths still lead there. */
export function openNamespaceSteps(namespaces: Namespaces): {
  steps: Step[]
  opened: Map<NamespaceType, ReturnType<typeof slot>>
} {
  const opened = new Map<NamespaceType, ReturnType<typeof slot>>()
  const steps = [...namespaces.joined].map(([type, { path, at }]): Step => {
    const fd = joinedNamespace(type)
    opened.set(type, fd)
    return call('openat', [AT.FDCWD, path, O.RDONLY | O.CLOEXEC, 0], {
      into: fd,
      why: `the ${type} namespace to join`,
      at,
    })
  })
  return { steps, opened }
}

/** The cgroup the container was cloned into becomes its `/`. */
export const cgroupNamespaceSteps = (namespaces: Namespaces): Step[] =>
  namespaces.created.has('cgroup')
    ? [
        call('unshare', [CLONE.NEWCGROUP], {
          why: 'its own cgroup becomes the root it sees',
          at: '/linux/namespaces',
        }),
      ]
    : []

const OFFSETS = slot('timens_offsets')

/** While we are who owns it: the root of a user namespace may not write to the files of a process that became it. */
export const openTimeOffsetSteps = (config: Config, namespaces: Namespaces): Step[] =>
  namespaces.created.has('time') && hasOffsets(config)
    ? [
        call('openat', [AT.FDCWD, '/proc/self/timens_offsets', O.WRONLY | O.CLOEXEC, 0], {
          into: OFFSETS,
          why: 'where the clocks of our children are set',
          at: '/linux/timeOffsets',
        }),
      ]
    : []

function timeSteps(config: Config): Step[] {
  const at = '/linux/timeOffsets'
  const text = Object.entries(config.linux?.timeOffsets ?? {})
    .map(([clock, offset]) => `${clock} ${offset?.secs ?? 0} ${offset?.nanosecs ?? 0}\n`)
    .join('')
  return [
    call('unshare', [CLONE.NEWTIME], { why: 'a time namespace for our children', at }),
    call('write', [OFFSETS, text], { why: 'move the clocks, which may be done while nobody is inside', at }),
  ]
}
