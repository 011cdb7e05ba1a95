/**
 * What a container uses, as its cgroup says (Documentation/admin-guide/cgroup-v2.rst). CPU time, pressure and processes
 * are counted in every cgroup v2; memory, I/O and the limit of processes only where their controllers are on it. On a
 * host whose controllers are on v1 memory is the sum of what the processes hold in proportion (PSS, proc(5)).
 */
import { readTextIfAny } from '../../linux/file.ts'

export interface Usage {
  readonly cpuMicroseconds: number
  /** Without what the kernel could drop at once, as Docker counts; undefined: nobody counts it. */
  readonly memoryBytes: number | undefined
  /** It is a sum of PSS, not the cgroup's count. */
  readonly memoryIsPss: boolean
  /** The cgroup's limit, or the machine's memory. */
  readonly memoryLimitBytes: number
  readonly io: { readonly read: number; readonly written: number } | undefined
  /** Threads, as pids.max counts. */
  readonly pids: number
  readonly network: { readonly received: number; readonly sent: number }
  /** Where all this is counted; undefined: nowhere but in its processes. */
  readonly cgroup: string | undefined
}

/** Percent of the last ten seconds in which some task waited. */
export interface Pressure {
  readonly cpu?: number
  readonly memory?: number
  readonly io?: number
}

/** Where this machine counts: asked once for a whole list. */
export interface Accounting {
  /** Of cgroup v2. */
  readonly mount: string
  readonly memory: boolean
  readonly io: boolean
  readonly pids: boolean
  readonly memoryTotalBytes: number
}

export function readAccounting(): Accounting {
  const hybrid = readTextIfAny('/sys/fs/cgroup/cgroup.controllers') === undefined
  const mount = hybrid ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup'
  const controllers = (readTextIfAny(`${mount}/cgroup.controllers`) ?? '').split(/\s+/)
  const total = /^MemTotal: +(\d+)/m.exec(readTextIfAny('/proc/meminfo') ?? '')?.[1]
  return {
    mount,
    memory: controllers.includes('memory'),
    io: controllers.includes('io'),
    pids: controllers.includes('pids'),
    memoryTotalBytes: Number(total ?? 0) * 1024,
  }
}

/**
 * The cgroup of a container's process; undefined when that has ended, or has no cgroup but its caller's.
 * @param id of the container, which is in the path
 */
export function cgroupOf(pid: number, id: string, { mount }: Accounting): string | undefined {
  const path = /^0::(.*)$/m.exec(readTextIfAny(`/proc/${pid}/cgroup`) ?? '')?.[1]
  return path?.includes(id) ? `${mount}${path}` : undefined
}

export const readCpuMicroseconds = (cgroup: string): number =>
  field(readTextIfAny(`${cgroup}/cpu.stat`) ?? '', 'usage_usec')

const field = (text: string, name: string): number =>
  Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1] ?? 0)

/** @param pid a process in the container's network namespace */
export function readUsage(cgroup: string, pid: number, accounting: Accounting): Usage {
  const threads = accounting.pids
    ? Number(readTextIfAny(`${cgroup}/pids.current`) ?? 0)
    : lines(readTextIfAny(`${cgroup}/cgroup.threads`)).length
  return {
    cpuMicroseconds: readCpuMicroseconds(cgroup),
    ...readMemory(cgroup, accounting),
    io: accounting.io ? parseIoStat(readTextIfAny(`${cgroup}/io.stat`) ?? '') : undefined,
    pids: threads,
    network: parseNetDev(readTextIfAny(`/proc/${pid}/net/dev`) ?? ''),
    cgroup,
  }
}

const lines = (text = ''): string[] => text.split('\n').filter((line) => line !== '')

function readMemory(
  cgroup: string,
  { memory, memoryTotalBytes }: Accounting,
): Pick<Usage, 'memoryBytes' | 'memoryIsPss' | 'memoryLimitBytes'> {
  if (!memory) {
    const pids = lines(readTextIfAny(`${cgroup}/cgroup.procs`)).map(Number)
    return { memoryBytes: readPss(pids), memoryIsPss: true, memoryLimitBytes: memoryTotalBytes }
  }
  const current = Number(readTextIfAny(`${cgroup}/memory.current`) ?? 0)
  const inactive = field(readTextIfAny(`${cgroup}/memory.stat`) ?? '', 'inactive_file')
  const limit = Number(readTextIfAny(`${cgroup}/memory.max`) ?? Number.NaN)
  return {
    memoryBytes: inactive < current ? current - inactive : current,
    memoryIsPss: false,
    memoryLimitBytes: Number.isNaN(limit) || limit > memoryTotalBytes ? memoryTotalBytes : limit,
  }
}

export function readPss(pids: readonly number[]): number {
  let kibibytes = 0
  for (const pid of pids) {
    kibibytes += Number(/^Pss: +(\d+)/m.exec(readSmaps(pid))?.[1] ?? 0)
  }
  return kibibytes * 1024
}

/** A process may end while it is looked at (ESRCH), or be somebody else's (EACCES). */
function readSmaps(pid: number): string {
  try {
    return readTextIfAny(`/proc/${pid}/smaps_rollup`) ?? ''
  } catch {
    return ''
  }
}

/** `8:0 rbytes=1 wbytes=2 rios=...`, a line a device. */
export function parseIoStat(text: string): { read: number; written: number } {
  const sum = (name: string): number => {
    let total = 0
    for (const [, bytes] of text.matchAll(new RegExp(`\\b${name}=(\\d+)`, 'g'))) total += Number(bytes)
    return total
  }
  return { read: sum('rbytes'), written: sum('wbytes') }
}

/** /proc/net/dev: a line an interface, received bytes first, sent bytes ninth. Loopback is nobody's traffic. */
export function parseNetDev(text: string): { received: number; sent: number } {
  let [received, sent] = [0, 0]
  for (const line of text.split('\n').slice(2)) {
    const [, name, counts = ''] = /^ *([^:]+): *(.*)$/.exec(line) ?? []
    if (name === undefined || name === 'lo') continue
    const numbers = counts.split(/ +/)
    received += Number(numbers[0])
    sent += Number(numbers[8])
  }
  return { received, sent }
}

export function readPressure(cgroup: string | undefined): Pressure {
  if (cgroup === undefined) return {}
  const some = (name: string): number | undefined => {
    const average = /^some avg10=([\d.]+)/.exec(readTextIfAny(`${cgroup}/${name}.pressure`) ?? '')?.[1]
    return average === undefined ? undefined : Number(average)
  }
  const [cpu, memory, io] = [some('cpu'), some('memory'), some('io')]
  return {
    ...(cpu !== undefined && { cpu }),
    ...(memory !== undefined && { memory }),
    ...(io !== undefined && { io }),
  }
}
