/** User namespaces, which containers of anybody but root live in: whether they may be made, and with which ids. */
import { fileType, readTextIfAny } from '../../linux/file.ts'
import { userName } from '../read-host-facts.ts'
import { type Examined, type Finding, good, limited, missing } from './finding.ts'

const sysctl = (name: string): string | undefined =>
  readTextIfAny(`/proc/sys/${name.replaceAll('.', '/')}`)?.trim()

export function examineUserNamespaces({ rootless }: Examined): Finding[] {
  return [mayMake(rootless), ...(rootless ? [ranges()] : [])]
}

function mayMake(rootless: boolean): Finding {
  // Root needs none unless it is asked for.
  const forbidden = rootless ? missing : limited
  if (fileType('/proc/self/ns/user') === undefined) {
    return forbidden('user namespaces', 'the kernel has none', 'use a kernel with CONFIG_USER_NS')
  }
  const bars: readonly [name: string, bar: string, cure: string][] = [
    ['user.max_user_namespaces', '0', 'sysctl -w user.max_user_namespaces=15000'],
    ['kernel.unprivileged_userns_clone', '0', 'sysctl -w kernel.unprivileged_userns_clone=1'],
    [
      'kernel.apparmor_restrict_unprivileged_userns',
      '1',
      'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile with "userns," for tinyctr',
    ],
  ]
  for (const [name, bar, cure] of bars) {
    const concerns = rootless || name.startsWith('user.')
    if (concerns && sysctl(name) === bar) return forbidden('user namespaces', `${name} is ${bar}`, cure)
  }
  return good('user namespaces', 'may be made')
}

function ranges(): Finding {
  const uid = process.geteuid?.() ?? 0
  const username = userName(uid) ?? String(uid)
  const range = (file: string): boolean =>
    (readTextIfAny(file) ?? '')
      .split('\n')
      .some((line) => line.startsWith(`${username}:`) || line.startsWith(`${uid}:`))
  const lacks = ['/etc/subuid', '/etc/subgid'].filter((file) => !range(file))
  if (lacks.length > 0) {
    return limited(
      'subordinate ids',
      `${lacks.join(' and ')} ${lacks.length > 1 ? 'have' : 'has'} no range for ${username}: containers have one id, root`,
      `usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${username}`,
    )
  }
  const programs = ['newuidmap', 'newgidmap'].filter((name) => !isInPath(name))
  return programs.length > 0
    ? limited(
        'subordinate ids',
        `${programs.join(' and ')} not found: containers have one id, root`,
        'apt-get install uidmap',
      )
    : good('subordinate ids', `a range for ${username}`)
}

const isInPath = (name: string): boolean =>
  ['/usr/bin', '/bin', '/usr/local/bin', '/usr/sbin', '/sbin'].some(
    (folder) => fileType(`${folder}/${name}`) !== undefined,
  )
