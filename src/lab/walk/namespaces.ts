/** Which namespaces a process is in (namespaces(7)): /proc/PID/ns. */
import { attempt } from '../../linux/call.ts'

const KINDS = {
  user: 'users and groups',
  pid: 'processes',
  mnt: 'mounts',
  net: 'network',
  uts: 'host name',
  ipc: 'shared memory, queues',
  cgroup: 'cgroup root',
  time: 'clocks',
} as const

type Kind = keyof typeof KINDS
export type NamespaceIds = Readonly<Record<Kind, string>>

/** The numbers in `mnt:[4026531841]`; `?` where the link cannot be read. */
export function readNamespaceIds(procFd: number, pid?: number): NamespaceIds {
  const buffer = new Uint8Array(64)
  const ids = (Object.keys(KINDS) as Kind[]).map((kind) => {
    const length = attempt('readlinkat', [procFd, `${pid ?? 'self'}/ns/${kind}`, buffer])
    const text = new TextDecoder().decode(buffer.subarray(0, Math.max(length, 0)))
    return [kind, /\[(\d+)\]/.exec(text)?.[1] ?? '?'] as const
  })
  return Object.fromEntries(ids) as NamespaceIds
}

/** A line a namespace that differs, and one for those that do not. */
export function namespaceChanges(before: NamespaceIds, now: NamespaceIds, same: string): string[] {
  const kinds = Object.keys(KINDS) as Kind[]
  const changed = kinds.filter((kind) => before[kind] !== now[kind])
  const unchanged = kinds.filter((kind) => before[kind] === now[kind])
  return [
    ...changed.map((kind) => `${kind.padEnd(6)} ${before[kind]} -> ${now[kind]}  new: ${KINDS[kind]}`),
    ...(unchanged.length > 0 ? [`${same}: ${unchanged.join(' ')}`] : []),
  ]
}
