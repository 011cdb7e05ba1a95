/**
 * Bind mounts with an id map of their own (mount_setattr(2), MOUNT_ATTR_IDMAP). The map is lent by a user namespace that
 * a holder process keeps open while its maps are written; made in the host half, which may map the host's filesystems.
 */

import { ConfigError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { AT, CLONE, MOUNT_ATTR } from '../linux/abi/flags.ts'
import type { Slot } from '../linux/abi/kinds.ts'
import type { Config } from '../oci/runtime-spec.ts'
import type { Host } from './host.ts'
import { parseMountOptions } from './mount-options.ts'
import { cloneTree, sourceOf } from './mounts.ts'
import { mapSteps } from './namespaces.ts'
import { call, type Step, slot, template } from './step.ts'

const SIGCHLD = 17
const SIGKILL = 9

export function idmappedMountSteps(
  config: Config,
  host: Host,
  bundle: string,
): { steps: Step[]; prepared: Map<number, Slot> } {
  const prepared = new Map<number, Slot>()
  const steps: Step[] = []
  config.mounts?.forEach((mount, i) => {
    const at = `/mounts/${i}`
    const options = parseMountOptions(mount.options, at)
    if (!options.idmap && !mount.uidMappings && !mount.gidMappings) return
    const uids = mount.uidMappings ?? config.linux?.uidMappings
    const gids = mount.gidMappings ?? config.linux?.gidMappings
    if (!uids?.length || !gids?.length)
      throw new ConfigError(
        `${at}/uidMappings`,
        'expected uidMappings and gidMappings: an idmapped mount needs a map',
      )
    if (!options.bind && mount.type !== 'bind')
      throw new ConfigError(at, 'expected a bind mount: only an existing tree can be idmapped')
    const [holder, userns, tree] = [slot(`holder_${i}`), slot(`idmap_${i}`), slot(`idmapped_${i}`)]
    const recursive = options.idmap === 'recursive' ? AT.RECURSIVE : 0
    prepared.set(i, tree)
    steps.push(
      call('clone3', [{ flags: CLONE.NEWUSER, exit_signal: SIGCHLD }], {
        role: 'holder',
        into: holder,
        why: 'a user namespace that lends its map',
        at,
      }),
      ...mapSteps(uids, gids, holder, host.euid === 0, mount.uidMappings ? at : '/linux'),
      call('openat', [AT.FDCWD, template('/proc/', holder, '/ns/user'), O.RDONLY | O.CLOEXEC, 0], {
        into: userns,
        why: 'hold the map',
        at,
      }),
      call('kill', [holder, SIGKILL], { why: 'its holder has done its part', at }),
      ...cloneTree(sourceOf(mount, bundle), options, tree, at),
      call(
        'mount_setattr',
        [tree, '', AT.EMPTY_PATH | recursive, { attr_set: MOUNT_ATTR.IDMAP, userns_fd: userns }],
        { why: 'show its files under mapped owners', at },
      ),
    )
  })
  return { steps, prepared }
}
