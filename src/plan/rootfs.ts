/**
 * The root filesystem: made visible in the container's own mount namespace, then made `/` by pivot_root(2).
 * Nothing of it is ever mounted in the host's namespace, so there is nothing to leak there.
 */

import { ConfigError } from '../errors.ts'
import {
  AT,
  FSCONFIG,
  FSMOUNT,
  FSOPEN,
  MNT,
  MOUNT_ATTR,
  MOVE_MOUNT,
  MS,
  OPEN_TREE,
} from '../linux/abi/flags.ts'
import type { Config } from '../oci/runtime-spec.ts'
import { type Host, kernelAtLeast } from './host.ts'
import { call, each, type Step, slot } from './step.ts'

export const ROOT = slot('root')

/** An image's layers under a writable directory (overlayfs). */
export interface Overlay {
  /** Top layer first. */
  readonly lower: readonly string[]
  readonly upper: string
  readonly work: string
  /** Inside a user namespace overlay keeps its marks in user.* attributes. */
  readonly userxattr: boolean
}

const PROPAGATION: Record<string, number> = {
  shared: MS.SHARED,
  slave: MS.SLAVE,
  private: MS.PRIVATE,
  unbindable: MS.UNBINDABLE,
}

const propagationOf = (config: Config): { flag: number; recursive: boolean } | undefined => {
  const text = config.linux?.rootfsPropagation
  if (!text) return undefined
  const flag = PROPAGATION[text] ?? PROPAGATION[text.slice(1)]
  if (flag === undefined)
    throw new ConfigError(
      '/linux/rootfsPropagation',
      `expected shared, slave, private or unbindable but found "${text}"`,
    )
  return { flag, recursive: PROPAGATION[text] === undefined }
}

/** Where the root lies out here; absolute. @throws ConfigError */
export function rootOf(config: Config, bundle: string): string {
  const path = config.root?.path
  if (!path) throw new ConfigError('/root/path', 'expected the folder of the root filesystem')
  return path.startsWith('/') ? path : `${bundle}/${path}`
}

/** Steps that end with the new root in $root, attached at `mountPoint` of the container's mount namespace. */
export function rootSteps(
  config: Config,
  mountPoint: string,
  overlay: Overlay | undefined,
  host: Host,
): Step[] {
  const at = '/root/path'
  const wanted = propagationOf(config)
  // A shared parent would send our mounts back to the host; slave still lets the host's unmounts in.
  const outside = wanted?.flag === MS.PRIVATE ? MS.PRIVATE : MS.SLAVE
  const isolate = call('mount_setattr', [AT.FDCWD, '/', AT.RECURSIVE, { propagation: outside }], {
    why: 'our mounts must not travel back to the host',
    at: '/linux/rootfsPropagation',
  })
  if (overlay) return [isolate, ...overlaySteps(overlay, mountPoint, host)]
  return [
    isolate,
    call('open_tree', [AT.FDCWD, mountPoint, OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | AT.RECURSIVE], {
      into: ROOT,
      why: 'pivot_root needs a root that is a mount of its own',
      at,
    }),
    // The bundle's rootfs may be a symlink: open_tree followed it.
    call('move_mount', [ROOT, '', AT.FDCWD, mountPoint, MOVE_MOUNT.F_EMPTY_PATH | MOVE_MOUNT.T_SYMLINKS], {
      why: 'attach the root on top of its folder',
      at,
    }),
  ]
}

const PAGE = 4096
const escapeOption = (path: string): string => path.replace(/[\\:,]/g, '\\$&')

function overlaySteps(overlay: Overlay, mountPoint: string, host: Host): Step[] {
  const at = '/root/path'
  const attach = call('move_mount', [ROOT, '', AT.FDCWD, mountPoint, MOVE_MOUNT.F_EMPTY_PATH], {
    why: 'attach the root: an unattached tree cannot take mounts before Linux 6.15',
    at,
  })
  if (kernelAtLeast(host, 6, 8)) return [...overlayByLayer(overlay), attach]
  const userxattr = overlay.userxattr ? ',userxattr' : ''
  const data = `lowerdir=${overlay.lower.map(escapeOption).join(':')},upperdir=${escapeOption(overlay.upper)},workdir=${escapeOption(overlay.work)}${userxattr}`
  if (data.length >= PAGE) {
    throw new ConfigError(
      at,
      `expected overlay options of less than ${PAGE} bytes but ${overlay.lower.length} layers need ${data.length}; Linux 6.8 lifts this limit`,
    )
  }
  return [
    call('mount', ['overlay', mountPoint, 'overlay', 0, data], {
      why: "the image's layers, with our own on top",
      at,
    }),
    call('open_tree', [AT.FDCWD, mountPoint, OPEN_TREE.CLOEXEC], {
      into: ROOT,
      why: 'everything is found from here',
      at,
    }),
  ]
}

/** One fsconfig(2) a layer, so no page limits their number (Linux 6.8: `lowerdir+`). */
function overlayByLayer(overlay: Overlay): Step[] {
  const at = '/root/path'
  const filesystem = slot('overlay_fs')
  const options: [string, string][] = [
    ['source', 'overlay'],
    ...overlay.lower.map((path): [string, string] => ['lowerdir+', path]),
    ['upperdir', overlay.upper],
    ['workdir', overlay.work],
  ]
  return [
    call('fsopen', ['overlay', FSOPEN.CLOEXEC], {
      into: filesystem,
      why: 'a new overlay, not mounted anywhere yet',
      at,
    }),
    call(
      'fsconfig',
      [
        filesystem,
        FSCONFIG.SET_STRING,
        each(options.map((one) => one[0])),
        each(options.map((one) => one[1])),
        0,
      ],
      { why: "the image's layers, top first, with our own above", at },
    ),
    ...(overlay.userxattr
      ? [
          call('fsconfig', [filesystem, FSCONFIG.SET_FLAG, 'userxattr', null, 0], {
            why: 'trusted.* is not ours here',
            at,
          }),
        ]
      : []),
    call('fsconfig', [filesystem, FSCONFIG.CMD_CREATE, null, null, 0], {
      why: 'the options are complete',
      at,
    }),
    call('fsmount', [filesystem, FSMOUNT.CLOEXEC, 0], {
      into: ROOT,
      why: 'the root filesystem, detached',
      at,
    }),
  ]
}

/**
 * An initramfs is the one root that pivot_root(2) cannot leave: the new one is moved on top of it. A whole proc or sysfs
 * that stayed below would let a user namespace of the container mount another, without what is masked in its own.
 */
const moveRootSteps = (whole: readonly string[]): Step[] => [
  ...whole.flatMap((path, i): Step[] => {
    const gone = slot(`gone_${i}`)
    return [
      call('umount2', [path, MNT.DETACH], {
        into: gone,
        tolerate: ['EINVAL', 'EPERM'],
        why: `${path} of the host, which shows more than ours`,
        at: '--no-pivot',
      }),
      call('mount', ['tmpfs', path, 'tmpfs', 0, null], {
        unless: gone,
        why: 'or it is covered',
        at: '--no-pivot',
      }),
    ]
  }),
  call('mount', ['.', '/', null, MS.MOVE, null], {
    why: 'the new root covers the old one',
    at: '--no-pivot',
  }),
  call('chroot', ['.'], { why: 'and becomes /', at: '--no-pivot' }),
  call('chdir', ['/'], { why: 'stand in the root, on top of what it covers', at: '--no-pivot' }),
]

/** Makes $root the root and lets go of the host's tree. */
export function pivotSteps(config: Config, noPivot: readonly string[] | undefined): Step[] {
  const at = '/root'
  const wanted = propagationOf(config)
  const steps: Step[] = [
    call('fchdir', [ROOT], { why: 'stand in the new root', at }),
    ...(noPivot
      ? moveRootSteps(noPivot)
      : [
          // New and old root may be the same folder: the old root is then stacked on the new one (pivot_root(2), NOTES).
          call('pivot_root', ['.', '.'], {
            why: 'the new root becomes /, the old one is stacked on top of it',
            at,
          }),
          call('umount2', ['.', MNT.DETACH], { why: "let go of the host's tree: nothing leads back", at }),
        ]),
  ]
  if (wanted && wanted.flag !== MS.PRIVATE) {
    const recursive = wanted.recursive ? AT.RECURSIVE : 0
    steps.push(
      call('mount_setattr', [AT.FDCWD, '/', recursive, { propagation: wanted.flag }], {
        why: 'how mounts pass in and out of the root',
        at: '/linux/rootfsPropagation',
      }),
    )
  }
  return steps
}

/** After every mount point is made. */
export function readonlyRootSteps(config: Config): Step[] {
  if (!config.root?.readonly) return []
  return [
    call('mount_setattr', [AT.FDCWD, '/', 0, { attr_set: MOUNT_ATTR.RDONLY }], {
      why: 'every mount point is made: the root may become read-only',
      at: '/root/readonly',
    }),
  ]
}
