/**
 * /dev: the devices every container has (runtime-spec config-linux.md#default-devices), those of the config, and the
 * links programs expect.
 *
 * mknod(2) is for the root of the first user namespace only: in a user namespace the host's devices are bind-mounted.
 */
import { O } from '../linux/abi/arch.ts'
import { AT, MOVE_MOUNT, OPEN_TREE, S } from '../linux/abi/flags.ts'
import type { Config, Device } from '../oci/runtime-spec.ts'
import { call, each, type Step } from './step.ts'
import { components, normalize, type Tree } from './tree.ts'

interface Node {
  readonly path: string
  readonly mode: number
  readonly dev: number
  readonly uid: number
  readonly gid: number
  readonly at: string
}

/** dev_t as the kernel's system calls take it. */
export const makedev = (major: number, minor: number): number =>
  (minor & 0xff) | (major << 8) | ((minor & 0xfff00) << 12)

const DEFAULT_AT = '/linux/devices'
const defaultNode = (name: string, major: number, minor: number): Node => ({
  path: `/dev/${name}`,
  mode: S.IFCHR | 0o666,
  dev: makedev(major, minor),
  uid: 0,
  gid: 0,
  at: DEFAULT_AT,
})

export const DEFAULT_DEVICES: readonly Node[] = [
  defaultNode('null', 1, 3),
  defaultNode('zero', 1, 5),
  defaultNode('full', 1, 7),
  defaultNode('random', 1, 8),
  defaultNode('urandom', 1, 9),
  defaultNode('tty', 5, 0),
]

const LINKS = [
  ['/proc/self/fd', 'fd'],
  ['/proc/self/fd/0', 'stdin'],
  ['/proc/self/fd/1', 'stdout'],
  ['/proc/self/fd/2', 'stderr'],
  ['pts/ptmx', 'ptmx'],
] as const

const FILE_TYPE = { c: S.IFCHR, u: S.IFCHR, b: S.IFBLK, p: S.IFIFO } as const

const configNode = (device: Device, i: number): Node => ({
  path: normalize(device.path),
  mode: FILE_TYPE[device.type as keyof typeof FILE_TYPE] | (device.fileMode ?? 0o666),
  dev: makedev(device.major ?? 0, device.minor ?? 0),
  uid: device.uid ?? 0,
  gid: device.gid ?? 0,
  at: `/linux/devices/${i}`,
})

export function deviceSteps(config: Config, tree: Tree, userNamespace: boolean): Step[] {
  const own = (config.linux?.devices ?? []).map(configNode)
  const given = new Set(own.map((node) => node.path))
  const nodes = [...DEFAULT_DEVICES.filter((node) => !given.has(node.path)), ...own]
  const dev = tree.directory('/dev', DEFAULT_AT)
  return [
    ...dev.steps,
    ...(userNamespace ? bindSteps(nodes, tree) : nodeSteps(nodes, tree)),
    call('symlinkat', [each(LINKS.map((link) => link[0])), dev.slot, each(LINKS.map((link) => link[1]))], {
      tolerate: ['EEXIST'],
      why: 'the links that programs expect in /dev',
      at: DEFAULT_AT,
    }),
  ]
}

const nameOf = (node: Node): string => components(node.path).at(-1) as string
const parentOf = (node: Node): string => node.path.slice(0, node.path.lastIndexOf('/')) || '/'

function nodeSteps(nodes: readonly Node[], tree: Tree): Step[] {
  const steps: Step[] = []
  const folders = new Map<string, Node[]>()
  for (const node of nodes) {
    const folder = folders.get(parentOf(node))
    if (folder) folder.push(node)
    else folders.set(parentOf(node), [node])
  }
  for (const [folder, members] of folders) {
    const at = members.map((node) => node.at)
    const parent = tree.directory(folder, at[0] as string)
    const names = each(members.map(nameOf))
    steps.push(
      ...parent.steps,
      call(
        'mknodat',
        [parent.slot, names, each(members.map((node) => node.mode)), each(members.map((node) => node.dev))],
        {
          tolerate: ['EEXIST'],
          why: `the devices of ${folder}`,
          at,
        },
      ),
    )
    const owned = members.filter((node) => node.uid !== 0 || node.gid !== 0)
    if (owned.length > 0) {
      steps.push(
        call(
          'fchownat',
          [
            parent.slot,
            each(owned.map(nameOf)),
            each(owned.map((node) => node.uid)),
            each(owned.map((node) => node.gid)),
            AT.SYMLINK_NOFOLLOW,
          ],
          { why: 'their owners', at: owned.map((node) => node.at) },
        ),
      )
    }
  }
  return steps
}

function bindSteps(nodes: readonly Node[], tree: Tree): Step[] {
  return nodes.flatMap((node): Step[] => {
    const { at, path } = node
    const parent = tree.directory(parentOf(node), at)
    if ((node.mode & S.IFMT) === S.IFIFO) {
      return [
        ...parent.steps,
        call('mknodat', [parent.slot, nameOf(node), node.mode, 0], { why: `the pipe ${path}`, at }),
      ]
    }
    const device = tree.name(path)
    return [
      ...parent.steps,
      call('open_tree', [AT.FDCWD, path, OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC], {
        into: device,
        why: `the host's ${path}: a user namespace may not make devices`,
        at,
      }),
      call(
        'openat',
        [parent.slot, nameOf(node), O.WRONLY | O.CREAT | O.EXCL | O.NOFOLLOW | O.CLOEXEC, 0o666],
        {
          tolerate: ['EEXIST', 'EROFS', 'EACCES'],
          why: 'a file to mount it on',
          at,
        },
      ),
      call('move_mount', [device, '', parent.slot, nameOf(node), MOVE_MOUNT.F_EMPTY_PATH], {
        why: `attach it at ${path}`,
        at,
      }),
    ]
  })
}
