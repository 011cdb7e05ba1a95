/**
 * Who is who in a user namespace (user_namespaces(7)): its uid and gid maps, and becoming its root.
 */
import { O } from '../linux/abi/arch.ts'
import { AT } from '../linux/abi/flags.ts'
import type { Config, IDMapping } from '../oci/runtime-spec.ts'
import type { Namespaces } from './namespaces.ts'
import { barrier, call, composed, PID, type Step, slot, template } from './step.ts'

const MAP_WRITTEN = 1

/** Lines of uid_map: inside, outside, count (user_namespaces(7)). */
const mapText = (mappings: readonly IDMapping[]): string =>
  mappings.map((map) => `${map.containerID} ${map.hostID} ${map.size}\n`).join('')

/** Host steps after the first clone: the child's uid and gid maps, which only its parent may write in full. */
export function identityMapSteps(config: Config, namespaces: Namespaces, privileged: boolean): Step[] {
  if (!namespaces.created.has('user')) return []
  const uids = config.linux?.uidMappings ?? []
  const gids = config.linux?.gidMappings ?? []
  return [
    ...mapSteps(uids, gids, PID, privileged, '/linux'),
    barrier(MAP_WRITTEN, 'signal', 'the container has its identity'),
  ]
}

/**
 * Writes the maps of the user namespace of process `pid`. Without privilege: newuidmap(1), or a single id.
 * @param at the JSON pointer of what has the uidMappings and gidMappings
 */
export function mapSteps(
  uids: readonly IDMapping[],
  gids: readonly IDMapping[],
  pid: typeof PID,
  privileged: boolean,
  at: string,
): Step[] {
  const single = uids.length === 1 && gids.length === 1 && uids[0]?.size === 1 && gids[0]?.size === 1
  if (!privileged && !single) {
    return [
      helperSteps('newuidmap', uids, pid, `${at}/uidMappings`),
      helperSteps('newgidmap', gids, pid, `${at}/gidMappings`),
    ]
  }
  const write = (file: string, text: string, why: string, list: string): Step[] => {
    const opened = slot(`${pid.slot === 'pid' ? '' : `${pid.slot}_`}${file}`)
    return [
      call('openat', [AT.FDCWD, template('/proc/', pid, `/${file}`), O.WRONLY | O.CLOEXEC, 0], {
        into: opened,
        why,
        at: `${at}/${list}`,
      }),
      call('write', [opened, text], { why, at: `${at}/${list}` }),
    ]
  }
  return [
    ...(privileged
      ? []
      : write('setgroups', 'deny', 'an unprivileged gid map needs it (CVE-2014-8989)', 'gidMappings')),
    ...write('uid_map', mapText(uids), 'which users there are inside', 'uidMappings'),
    ...write('gid_map', mapText(gids), 'which groups there are inside', 'gidMappings'),
  ]
}

function helperSteps(program: string, maps: readonly IDMapping[], pid: typeof PID, at: string): Step {
  const ranges = maps.flatMap((map) => [String(map.containerID), String(map.hostID), String(map.size)])
  return composed('spawn', [[program, template('', pid, ''), ...ranges]], {
    why: `${program}(1) may map the ranges that /etc/sub[ug]id grants`,
    at,
  })
}

/** First container steps: wait for the maps, then become root of the new user namespace. */
export function becomeMappedSteps(namespaces: Namespaces): Step[] {
  if (!namespaces.created.has('user')) return []
  return [
    barrier(MAP_WRITTEN, 'wait', 'without maps there is no root to become'),
    call('setresgid', [0, 0, 0], { why: 'group 0 of the new user namespace', at: '/linux/gidMappings' }),
    call('setresuid', [0, 0, 0], { why: 'user 0 of the new user namespace', at: '/linux/uidMappings' }),
  ]
}
