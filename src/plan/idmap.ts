/**
 * Bind mounts with an id map of their own (mount_setattr(2), MOUNT_ATTR_IDMAP). The map is lent by a user namespace that
 * a holder process keeps open while its maps are written; made in the host half, which may map the host's filesystems.
 */

import { ConfigError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { AT, CLONE, MOUNT_ATTR } from '../linux/abi/flags.ts'
import type { Slot } from '../linux/abi/kinds.ts'
import type { Config, Mount } from '../oci/runtime-spec.ts'
import { cloneTree, sourceOf } from './bind-source.ts'
import type { Host } from './host.ts'
import { isBind, parseMountOptions } from './mount-options.ts'
import { joinedNamespace } from './namespaces.ts'
import { call, type Step, slot, template } from './step.ts'
import { mapSteps } from './user-maps.ts'

const SIGCHLD = 17
const SIGKILL = 9

export const isIdmapped = (mount: Mount, at: string): boolean =>
  parseMountOptions(mount.options, at).idmap !== undefined ||
  mount.uidMappings !== undefined ||
  mount.gidMappings !== undefined

/** Steps that end with the detached, mapped clone in `tree`. */
export function idmappedMountSteps(
  config: Config,
  mount: Mount,
  tree: Slot,
  index: number,
  host: Host,
  bundle: string,
): Step[] {
  const at = `/mounts/${index}`
  const options = parseMountOptions(mount.options, at)
  const uids = mount.uidMappings ?? config.linux?.uidMappings
  const gids = mount.gidMappings ?? config.linux?.gidMappings
  if (!isBind(mount))
    throw new ConfigError(at, 'expected a bind mount: only an existing tree can be idmapped')
  const recursive = options.idmap === 'recursive' ? AT.RECURSIVE : 0
  const mapped = (userns: Slot): Step[] => [
    ...cloneTree(sourceOf(mount, bundle), options, tree, at),
    call(
      'mount_setattr',
      [tree, '', AT.EMPTY_PATH | recursive, { attr_set: MOUNT_ATTR.IDMAP, userns_fd: userns }],
      { why: 'show its files under mapped owners', at },
    ),
  ]
  if (!uids?.length || !gids?.length) {
    const joined = config.linux?.namespaces?.some(({ type, path }) => type === 'user' && path)
    if (joined) return mapped(joinedNamespace('user'))
    throw new ConfigError(
      `${at}/uidMappings`,
      'expected uidMappings and gidMappings: an idmapped mount needs a map',
    )
  }
  const [holder, userns] = [slot(`holder_${index}`), slot(`idmap_${index}`)]
  return [
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
    ...mapped(userns),
  ]
}
