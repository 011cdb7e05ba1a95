/**
 * What a container uses that has no cgroup of its own, since nobody lent one to who is not root: the sum of what its
 * processes use (proc(5)). Those are all of its PID namespace, and whoever descends from one of them.
 */
import { readlinkSync } from 'node:fs'
import { listFolder, readTextIfAny } from '../../linux/file.ts'
import { type Accounting, parseNetDev, readPss, type Usage } from './cgroup-usage.ts'

/** @param pid the container's first process; with the host's PID namespace only its descendants are told from others */
export function processesOf(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of listFolder('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const parent = statOf(Number(name))[PPID]
    if (parent !== undefined) parents.set(Number(name), Number(parent))
  }
  const namespace = namespaceOf(pid)
  const isOwn = namespace !== undefined && namespace !== namespaceOf('self')
  const found = new Set<number>()
  const belongs = (one: number): boolean => {
    if (one === pid || found.has(one)) return true
    const parent = parents.get(one)
    return (isOwn && namespaceOf(one) === namespace) || (parent !== undefined && belongs(parent))
  }
  for (const one of parents.keys()) if (belongs(one)) found.add(one)
  return [...found].sort((a, b) => a - b)
}

/** Undefined for one that has ended, or is not ours to look into. */
function namespaceOf(pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`)
  } catch {
    return undefined
  }
}

/** Behind the name, which may hold anything: state, parent, ... */
const PPID = 1
/** utime, stime, cutime, cstime: of the process, and of children that it has waited for. */
const TIMES = [11, 12, 13, 14]
const MICROSECONDS_A_TICK = 10_000

const statOf = (pid: number): string[] =>
  (readTextIfAny(`/proc/${pid}/stat`) ?? '').replace(/^.*\) /s, '').split(' ')

export const cpuMicrosecondsOf = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => {
    const fields = statOf(pid)
    return sum + TIMES.reduce((time, field) => time + Number(fields[field] ?? 0), 0) * MICROSECONDS_A_TICK
  }, 0)

const threadsOf = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + listFolder(`/proc/${pid}/task`).length, 0)

export function readUsageOf(pid: number, { memoryTotalBytes }: Accounting): Usage {
  const pids = processesOf(pid)
  return {
    cpuMicroseconds: cpuMicrosecondsOf(pids),
    memoryBytes: readPss(pids),
    memoryIsPss: true,
    memoryLimitBytes: memoryTotalBytes,
    io: undefined,
    pids: threadsOf(pids),
    network: parseNetDev(readTextIfAny(`/proc/${pid}/net/dev`) ?? ''),
    cgroup: undefined,
  }
}
