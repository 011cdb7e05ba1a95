/** The process that `exec` is asked for: a file, or the container's own with changes. */

import { parseCount } from '../../engine/config/integer.ts'
import { ConfigError, UsageError } from '../../errors.ts'
import { readText } from '../../linux/file.ts'
import { checkProcess } from '../../oci/process-semantics.ts'
import type { Capabilities, Config, Process, User } from '../../oci/runtime-spec.ts'
import { requireProcess } from '../../oci/semantics.ts'
import { parseProcess } from '../../oci/validate.ts'
import type { FlagTable, FlagValues } from '../flag.ts'

export const execFlags = {
  'additional-gids': { takes: 'many', short: 'g', value: 'GID', parse: parseCount, help: 'Further groups' },
  apparmor: { takes: 'one', value: 'PROFILE', help: 'The AppArmor profile' },
  cap: { takes: 'many', short: 'c', value: 'CAPABILITY', help: 'Add a capability' },
  cwd: { takes: 'one', value: 'DIR', help: 'The working folder' },
  env: { takes: 'many', short: 'e', value: 'NAME=VALUE', help: 'Set a variable' },
  'no-new-privs': { takes: 'nothing', help: 'Setuid programs gain nothing' },
  process: { takes: 'one', short: 'p', value: 'FILE', help: 'The process as JSON' },
  'process-label': { takes: 'one', value: 'LABEL', help: 'The SELinux label' },
  tty: { takes: 'nothing', short: 't', help: 'Give it a terminal' },
  user: { takes: 'one', short: 'u', value: 'UID[:GID]', help: 'Whom it runs as' },
} as const satisfies FlagTable

/** @throws UsageError, ConfigError */
export function requestedProcess(
  flags: FlagValues<typeof execFlags>,
  args: readonly string[],
  config: Config,
): Process {
  if (flags.process !== undefined) return readProcess(flags.process)
  if (args.length === 0) throw new UsageError('process args cannot be empty')
  const own = requireProcess(config)
  const { cwd, user } = flags
  const changed: Process = {
    ...own,
    args: [...args],
    env: [...(own.env ?? []), ...(flags.env ?? [])],
    terminal: flags.tty ?? false,
    user: changedUser(own.user, user, flags['additional-gids']),
    ...(cwd === undefined ? {} : { cwd }),
    ...(flags.apparmor === undefined ? {} : { apparmorProfile: flags.apparmor }),
    ...(flags['process-label'] === undefined ? {} : { selinuxLabel: flags['process-label'] }),
    ...(flags['no-new-privs'] === undefined ? {} : { noNewPrivileges: flags['no-new-privs'] }),
    ...(flags.cap === undefined ? {} : { capabilities: withCapabilities(own.capabilities, flags.cap) }),
  }
  checkProcess(changed, '/process')
  return changed
}

function readProcess(path: string): Process {
  const process = parseProcess(readText(path))
  checkProcess(process, '')
  return process
}

function changedUser(own: User | undefined, text: string | undefined, groups: number[] | undefined): User {
  const { uid = 0, gid = 0, additionalGids, umask } = own ?? {}
  const [askedUid, askedGid] = text === undefined ? [] : text.split(':')
  const id = (one: string | undefined, otherwise: number): number => {
    if (one === undefined) return otherwise
    // A name is no number, and must not become 0.
    if (!/^\d+$/.test(one)) throw new ConfigError('--user', `expected UID or UID:GID but found "${text}"`)
    return Number(one)
  }
  return {
    uid: id(askedUid, uid),
    gid: id(askedGid, gid),
    additionalGids: [...(additionalGids ?? []), ...(groups ?? [])],
    ...(umask === undefined ? {} : { umask }),
  }
}

function withCapabilities(own: Capabilities | undefined, added: readonly string[]): Capabilities {
  const names = added.map((name) => (name.startsWith('CAP_') ? name : `CAP_${name}`).toUpperCase())
  const and = (set: readonly string[] | undefined): string[] => [...new Set([...(set ?? []), ...names])]
  return {
    ...own,
    bounding: and(own?.bounding),
    effective: and(own?.effective),
    permitted: and(own?.permitted),
    // Where nothing is inheritable, nothing can be ambient.
    ...(own?.inheritable ? { ambient: and(own.ambient) } : {}),
  }
}
