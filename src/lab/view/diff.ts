/** `tinyctr diff-view`: a container beside the host, as text. */
import { wrap } from '../narrate.ts'
import { KINDS, readProcess } from './process.ts'

const MEANING: Readonly<Record<string, string>> = {
  user: 'users and groups',
  pid: 'processes',
  mnt: 'mounts',
  net: 'network',
  uts: 'host name',
  ipc: 'shared memory',
  cgroup: 'control groups',
  time: 'clocks',
}

export function printDifference(pid: number, columns: number): string {
  const [host, container] = [readProcess(process.pid), readProcess(pid)]
  const width = Math.min(columns, 120)
  const half = Math.floor((width - LABEL) / 2)
  const row = (label: string, left: string, right: string): string[] => {
    const [a, b] = [wrap(left, half - 2), wrap(right, half)]
    return Array.from({ length: Math.max(a.length, b.length) }, (_, i) =>
      `${(i === 0 ? label : '').padEnd(LABEL)}${(a[i] ?? '').padEnd(half)}${b[i] ?? ''}`.trimEnd(),
    )
  }
  const section = (title: string, rows: string[][]): string[] => ['', title, ...rows.flat()]
  return [
    ...row('', 'host', 'container'),
    ...row('process', 'this command', `${pid} ${container.command}`),
    ...section(
      'Namespaces',
      KINDS.map((kind) => {
        const own = host.namespaces[kind] !== container.namespaces[kind]
        return row(
          `  ${kind}`,
          `${host.namespaces[kind]}`,
          own
            ? `${container.namespaces[kind]} its own ${MEANING[kind]}`
            : `${container.namespaces[kind]} the host's`,
        )
      }),
    ),
    ...section('Rights', [
      row('  user', host.user, container.user),
      row('  capabilities', `${host.capabilities.length}`, `${container.capabilities.length}`),
      row('  lost', '', missing(host.capabilities, container.capabilities)),
      row('  bounding set', `${host.bounding.length}`, `${container.bounding.length}`),
      row('  seccomp', host.seccomp, container.seccomp),
      row('  no_new_privs', yes(host.noNewPrivileges), yes(container.noNewPrivileges)),
      row('  LSM label', host.securityLabel, container.securityLabel),
    ]),
    ...section('Control group', [
      row('  path', host.cgroup, container.cgroup),
      ...Object.entries(container.limits).map(([name, value]) =>
        row(`  ${name}`, host.limits[name] ?? '', value),
      ),
    ]),
    ...section('Mounts', [
      row('  root', host.root, container.root),
      row('  number', String(host.mounts.length), String(container.mounts.length)),
    ]),
    ...container.mounts.flatMap((mount) =>
      wrap(mount, width - 4).map((line, i) => (i === 0 ? `  ${line}` : `      ${line}`)),
    ),
  ].join('\n')
}

const LABEL = 18
const yes = (value: boolean): string => (value ? 'yes' : 'no')
const missing = (all: readonly string[], some: readonly string[]): string =>
  all
    .filter((one) => !some.includes(one))
    .map((one) => one.replace('CAP_', '').toLowerCase())
    .join(' ') || 'none'
