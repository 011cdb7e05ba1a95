/**
 * The container's mounts: `config.mounts` as calls of the fd-based mount API
 * (Linux 5.12 or later: fsopen(2), open_tree(2), mount_setattr(2), move_mount(2)).
 *
 * A mount is built detached and attached last: the container never sees it half-made.
 */

import { ConfigError } from '../errors.ts'
import { AT, FSCONFIG, FSMOUNT, FSOPEN, MOUNT_ATTR } from '../linux/abi/flags.ts'
import type { Slot } from '../linux/abi/kinds.ts'
import type { Config, Mount } from '../oci/runtime-spec.ts'
import { boundPath, cloneTree, sourceOf } from './bind-source.ts'
import type { Host } from './host.ts'
import { type MountOptions, parseMountOptions } from './mount-options.ts'
import { refuseOverProc } from './proc-mounts.ts'
import { call, composed, each, type Step, slot } from './step.ts'
import { type Contents, normalize, type Tree } from './tree.ts'

/** Filesystems that hold only what the kernel puts there. */
const KERNEL_FILESYSTEMS = new Set([
  'proc',
  'sysfs',
  'cgroup',
  'cgroup2',
  'mqueue',
  'devpts',
  'securityfs',
  'bpf',
])

export interface MountContext {
  readonly host: Host
  readonly tree: Tree
  /** Folder that relative bind sources start from. */
  readonly bundle: string
  /** The root's own path out here. */
  readonly root: string
  /** Mounts that were cloned (and idmapped) before the container's namespaces existed, by index. */
  readonly prepared: ReadonlyMap<number, Slot>
  /** The host folder of the container's cgroup, to bind where the cgroup namespace is the host's. */
  readonly cgroupFolder: string | undefined
}

export function mountSteps(mount: Mount, index: number, context: MountContext): Step[] {
  const at = `/mounts/${index}`
  const path = normalize(mount.destination)
  const options = parseMountOptions(mount.options, at)
  if (options.remount) return remountSteps(path, options, context, at)
  refuseOverProc(mount, path, at)
  const made = context.tree.name(path)
  const prepared = context.prepared.get(index)
  if (prepared)
    return attachSteps(prepared, path, bindKind(mount, context, at), 'image', options, context, at)
  if (options.bind || mount.type === 'bind') {
    const steps = cloneTree(sourceOf(mount, context.bundle), options, made, at)
    // A container that is started again finds its volume full.
    const copied = options.tmpcopyup ? copySteps(made, path, context, at, ['EEXIST']) : []
    const kind = bindKind(mount, context, at)
    return [...steps, ...copied, ...attachSteps(made, path, kind, 'image', options, context, at)]
  }
  if (isCgroup(mount) && context.cgroupFolder !== undefined) {
    const steps = cloneTree(context.cgroupFolder, { ...options, bind: 'rbind', data: [] }, made, at)
    return [...steps, ...attachSteps(made, path, 'directory', 'kernel', options, context, at)]
  }
  const contents: Contents = KERNEL_FILESYSTEMS.has(mount.type ?? '')
    ? 'kernel'
    : mount.type === 'tmpfs'
      ? 'fresh'
      : 'image'
  const steps = newFilesystem(mount, options, made, context, at)
  const copied = options.tmpcopyup ? copySteps(made, path, context, at) : []
  const held = options.tmpcopyup ? 'image' : contents
  return [...steps, ...copied, ...attachSteps(made, path, 'directory', held, options, context, at)]
}

/** What the image has at `path`, into the mount that will cover it. */
function copySteps(
  made: Slot,
  path: string,
  context: MountContext,
  at: string,
  tolerate: string[] = [],
): Step[] {
  const original = context.tree.directory(path, at)
  const why = `copy up what the image has in ${path}`
  const tolerated = tolerate.length > 0 ? { tolerate } : {}
  return [...original.steps, composed('copy_tree', [original.slot, made], { ...tolerated, why, at })]
}

const isCgroup = (mount: Mount): boolean => mount.type === 'cgroup' || mount.type === 'cgroup2'

function bindKind(mount: Mount, context: MountContext, at: string): 'directory' | 'file' {
  const source = boundPath(mount, context.bundle)
  const kind = context.host.sources[source] ?? 'directory'
  // It may come with an earlier mount.
  if (kind === 'missing' && source.startsWith(`${context.root}/`)) return 'directory'
  if (kind === 'missing')
    throw new ConfigError(
      `${at}/source`,
      `expected an existing file or directory but found nothing at ${source}`,
    )
  return kind
}

function newFilesystem(
  mount: Mount,
  options: MountOptions,
  into: Slot,
  context: MountContext,
  at: string,
): Step[] {
  const type = mount.type === 'cgroup' ? 'cgroup2' : (mount.type ?? 'none')
  if (type === 'none')
    throw new ConfigError(`${at}/type`, 'expected a filesystem type, or the option bind or rbind')
  const filesystem = context.tree.name(`${into.slot}_fs`)
  const source = mount.source ?? type
  const strings = [{ key: 'source', value: source }, ...options.data.filter((one) => one.value !== undefined)]
  const switches = options.data.filter((one) => one.value === undefined)
  const steps: Step[] = [
    call('fsopen', [type, FSOPEN.CLOEXEC], {
      into: filesystem,
      why: `a new ${type}, not mounted anywhere yet`,
      at,
    }),
    call(
      'fsconfig',
      [
        filesystem,
        FSCONFIG.SET_STRING,
        each(strings.map((one) => one.key)),
        each(strings.map((one) => one.value as string)),
        0,
      ],
      { why: 'its options', at },
    ),
  ]
  if (switches.length > 0) {
    const keys = each(switches.map((one) => one.key))
    steps.push(call('fsconfig', [filesystem, FSCONFIG.SET_FLAG, keys, null, 0], { why: 'its switches', at }))
  }
  steps.push(
    call('fsconfig', [filesystem, FSCONFIG.CMD_CREATE, null, null, 0], {
      why: 'the options are complete',
      at,
    }),
    call('fsmount', [filesystem, FSMOUNT.CLOEXEC, options.set & ~lateAttributes(mount)], {
      into,
      why: `a detached mount of the ${type}`,
      at,
    }),
  )
  return steps
}

/** A read-only tmpfs must first take what it copies up, the devices, and the mount points of later mounts. */
const lateAttributes = (mount: Mount): number => (mount.type === 'tmpfs' ? MOUNT_ATTR.RDONLY : 0)

/** After everything is made in them. */
export function readonlyTmpfsSteps(config: Config, tree: Tree): Step[] {
  const mounts = config.mounts ?? []
  return mounts.flatMap((mount, i): Step[] => {
    const at = `/mounts/${i}`
    const path = normalize(mount.destination)
    const covered = mounts
      .slice(i + 1)
      .some((later) => normalize(later.destination) === path && !later.options?.includes('remount'))
    const options = parseMountOptions(mount.options, at)
    const late = options.set & lateAttributes(mount)
    const made = tree.at(path)
    if (!late || !made || covered || options.bind) return []
    return [
      call('mount_setattr', [made, '', AT.EMPTY_PATH, { attr_set: late }], {
        why: `nothing more is made in ${path}: it may become read-only`,
        at,
      }),
    ]
  })
}

function attachSteps(
  made: Slot,
  path: string,
  kind: 'directory' | 'file',
  contents: Contents,
  options: MountOptions,
  context: MountContext,
  at: string,
): Step[] {
  const steps: Step[] = []
  if (options.recursiveSet || options.recursiveClear) {
    const attr = { attr_set: options.recursiveSet, attr_clr: options.recursiveClear }
    steps.push(
      call('mount_setattr', [made, '', AT.EMPTY_PATH | AT.RECURSIVE, attr], {
        why: 'the same for all below it',
        at,
      }),
    )
  }
  steps.push(...context.tree.attach(made, path, kind, contents, at))
  if (options.propagation) {
    // Only an attached mount has a peer group to join or leave.
    const recursive = options.recursivePropagation ? AT.RECURSIVE : 0
    steps.push(
      call('mount_setattr', [made, '', AT.EMPTY_PATH | recursive, { propagation: options.propagation }], {
        why: 'how later mounts pass in and out of it',
        at,
      }),
    )
  }
  return steps
}

function remountSteps(path: string, options: MountOptions, context: MountContext, at: string): Step[] {
  const existing = context.tree.at(path) ?? (path === '/' ? slot('root') : undefined)
  if (!existing) throw new ConfigError(at, `expected an earlier mount at ${path} to remount, but found none`)
  const attr = { attr_set: options.set, attr_clr: options.clear }
  return [
    call('mount_setattr', [existing, '', AT.EMPTY_PATH, attr], { why: `change the flags of ${path}`, at }),
  ]
}
