/**
 * Who runs inside: `--user` or the image's User, looked up in the image's own passwd(5) and group(5).
 *
 * Both files and the spec come from strangers. What is not plainly understood is an error and never becomes uid 0:
 * numeric names (CVE-2016-3697), numbers past 2^31 (CVE-2024-40635), odd `u:g` (CVE-2026-46680, CVE-2026-30892).
 */
import { ConfigError } from '../../errors.ts'

export interface ResolvedUser {
  uid: number
  gid: number
  /** The primary gid is among them: setgroups(2) without it would drop it (CVE-2022-36109). */
  additionalGids: number[]
  home: string
}

export interface UserLookup {
  /** `--group-add`: names or numbers. */
  groupAdd?: readonly string[]
  /** Where the spec came from, for messages: `--user`, or `/config/User` of the image. */
  at?: string
}

const highestId = 2 ** 31 - 1

/** A decimal id. `undefined`: it is a name. @throws ConfigError when it is a number no id can be */
function parseId(text: string, at: string): number | undefined {
  if (!/^\d+$/.test(text)) return undefined
  const id = Number(text)
  if (id > highestId) throw new ConfigError(at, `uids and gids must be in range 0-${highestId}: ${text}`)
  return id
}

/** The lines of a passwd or group file that can be meant: enough fields, a name, no comment. */
function entries(text: string, fields: number): string[][] {
  const found: string[][] = []
  for (const line of text.split('\n')) {
    const entry = line.trim().split(':')
    if (entry.length >= fields && entry[0] !== '' && !entry[0]!.startsWith('#')) found.push(entry)
  }
  return found
}

/** An id inside a file of the image: the entry is meant, so an id that is none is an error, not 0. */
function entryId(field: string | undefined, file: string, name: string, at: string): number {
  const id = parseId(field ?? '', at)
  if (id === undefined)
    throw new ConfigError(at, `Cannot use the entry "${name}" of ${file}: "${field}" is no id`)
  return id
}

function splitSpec(spec: string, at: string): [user: string, group: string | undefined] {
  if (spec === '') return ['', undefined]
  const [user = '', group, ...more] = spec.split(':')
  const odd = more.length > 0 || group === '' || (group !== undefined && user === '') || /[\s\0]/.test(spec)
  if (odd) throw new ConfigError(at, `Cannot use the user "${spec}": expected USER or USER:GROUP`)
  return [user, group]
}

/**
 * @param spec `''` (root), `u`, `u:g`, `1000`, `1000:1000`
 * @throws ConfigError with Docker's words where Docker has some
 */
export function resolveUser(
  passwd: string,
  group: string,
  spec: string,
  lookup: UserLookup = {},
): ResolvedUser {
  const at = lookup.at ?? '--user'
  const [userName, groupName] = splitSpec(spec, at)
  const groups = entries(group, 3)

  // A number is always a uid, even if some user has it as a name.
  const wantedUid = userName === '' ? 0 : parseId(userName, at)
  const account = entries(passwd, 4).find((entry) =>
    wantedUid === undefined
      ? entry[0] === userName
      : /^\d+$/.test(entry[2]!) && Number(entry[2]) === wantedUid,
  )
  if (account === undefined && wantedUid === undefined) {
    throw new ConfigError(at, `unable to find user ${userName}: no matching entries in passwd file`)
  }
  const uid = wantedUid ?? entryId(account![2], '/etc/passwd', userName, at)

  const groupId = (name: string, where: string): number => {
    const id = parseId(name, where)
    if (id !== undefined) return id
    const entry = groups.find((candidate) => candidate[0] === name)
    if (entry === undefined) {
      throw new ConfigError(where, `unable to find group ${name}: no matching entries in group file`)
    }
    return entryId(entry[2], '/etc/group', name, where)
  }

  let gid = 0
  if (groupName !== undefined) gid = groupId(groupName, at)
  else if (account !== undefined) gid = entryId(account[3], '/etc/passwd', account[0]!, at)

  // Supplementary groups come with the account; who names a group gets that group only (as Docker).
  const memberships =
    groupName === undefined && account !== undefined
      ? groups.filter((entry) => (entry[3] ?? '').split(',').includes(account[0]!))
      : []
  const additionalGids = new Set([
    gid,
    ...memberships.map((entry) => entryId(entry[2], '/etc/group', entry[0]!, at)),
    ...(lookup.groupAdd ?? []).map((name) => groupId(name, '--group-add')),
  ])
  return { uid, gid, additionalGids: [...additionalGids], home: account?.[5] || '/' }
}
