/**
 * `linux.mountLabel`: the SELinux context of what is mounted for the container, as runc gives it. Most filesystems take it
 * as a mount option; proc, sysfs and cgroup2 have labels of the kernel's; mqueue takes it as an attribute of its root.
 */
import { O } from '../linux/abi/arch.ts'
import type { Config, Mount } from '../oci/runtime-spec.ts'
import { call, type Step, slot } from './step.ts'
import { normalize, type Tree } from './tree.ts'

const OF_THE_KERNEL = ['proc', 'sysfs', 'cgroup', 'cgroup2', 'mqueue']
const at = '/linux/mountLabel'

const isNew = ({ options = [], type }: Mount): boolean =>
  type !== undefined &&
  type !== 'bind' &&
  !options.some((option) => ['bind', 'rbind', 'remount'].includes(option) || option.startsWith('context='))

/** The config with the label among the options of the mounts that take it there. */
export function withMountLabel(config: Config): Config {
  const label = config.linux?.mountLabel
  if (!label || !config.mounts) return config
  const mounts = config.mounts.map((mount) =>
    isNew(mount) && !OF_THE_KERNEL.includes(mount.type ?? '')
      ? { ...mount, options: [...(mount.options ?? []), `context=${label}`] }
      : mount,
  )
  return { ...config, mounts }
}

/** After the mounts are made: the root of each mqueue. */
export function mountLabelSteps(config: Config, tree: Tree): Step[] {
  const label = config.linux?.mountLabel
  if (!label) return []
  const roots = (config.mounts ?? []).flatMap((mount) => {
    const made = tree.at(normalize(mount.destination))
    return mount.type === 'mqueue' && isNew(mount) && made ? [made] : []
  })
  return roots.flatMap((made) => {
    const opened = slot(`${made.slot}_root`)
    return [
      call('openat', [made, '.', O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0], {
        into: opened,
        why: 'its root, to be labelled',
        at,
      }),
      call('fsetxattr', [opened, 'security.selinux', `${label}\0`, 0], { why: `label it ${label}`, at }),
    ]
  })
}
