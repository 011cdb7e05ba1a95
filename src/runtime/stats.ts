/** What a container uses, read from its cgroup (cgroup-v2.rst), in the shape of runc's `events` (types/events.go). */
import { listFolder, readTextIfAny } from '../linux/file.ts'

const NANOSECONDS = 1000n
/** What runc prints for no limit. */
const NO_LIMIT = 2n ** 64n - 1n

export function readStats(cgroup: string) {
  const read = (file: string): string => readTextIfAny(`${cgroup}/${file}`) ?? ''
  return {
    cpu: cpuStats(read),
    cpuset: {},
    memory: memoryStats(read),
    pids: { current: number(read('pids.current')), limit: pidsLimit(read('pids.max')) },
    blkio: blockStats(read('io.stat')),
    hugetlb: hugetlbStats(cgroup, read),
    intel_rdt: {},
    network_interfaces: null,
  }
}

type Read = (file: string) => string

/** `key value` lines. */
const keyed = (text: string): Map<string, bigint> =>
  new Map(
    text
      .split('\n')
      .map((line) => line.split(' '))
      .flatMap(([key = '', value]) => (value === undefined ? [] : [[key, number(value)]])),
  )

const number = (text: string): bigint => (/^\d+\s*$/.test(text) ? BigInt(text.trim()) : 0n)
const limit = (text: string): bigint => (text.startsWith('max') ? NO_LIMIT : number(text))
/** 0 is no limit here. */
const pidsLimit = (text: string): bigint => (text.startsWith('max') ? 0n : number(text))

function cpuStats(read: Read) {
  const stat = keyed(read('cpu.stat'))
  const microseconds = (key: string): bigint => (stat.get(key) ?? 0n) * NANOSECONDS
  return {
    usage: {
      total: microseconds('usage_usec'),
      kernel: microseconds('system_usec'),
      user: microseconds('user_usec'),
    },
    throttling: {
      periods: stat.get('nr_periods') ?? 0n,
      throttledPeriods: stat.get('nr_throttled') ?? 0n,
      throttledTime: microseconds('throttled_usec'),
    },
  }
}

function memoryStats(read: Read) {
  const stat = keyed(read('memory.stat'))
  const events = keyed(read('memory.events'))
  const usage = number(read('memory.current'))
  const swap = number(read('memory.swap.current'))
  const memoryLimit = limit(read('memory.max'))
  const swapLimit = limit(read('memory.swap.max'))
  const together = memoryLimit === NO_LIMIT || swapLimit === NO_LIMIT ? NO_LIMIT : memoryLimit + swapLimit
  return {
    cache: stat.get('file') ?? 0n,
    usage: {
      limit: memoryLimit,
      usage,
      max: number(read('memory.peak')),
      failcnt: events.get('max') ?? 0n,
    },
    swap: { limit: together, usage: usage + swap, max: number(read('memory.swap.peak')), failcnt: 0n },
    kernel: { usage: stat.get('kernel') ?? 0n, failcnt: 0n },
    kernelTCP: { failcnt: 0n },
    raw: Object.fromEntries(stat),
  }
}

/** `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6`. */
function blockStats(text: string) {
  const ioServiceBytesRecursive: object[] = []
  const ioServicedRecursive: object[] = []
  const names = { rbytes: 'Read', wbytes: 'Write', rios: 'Read', wios: 'Write' } as const
  for (const line of text.split('\n')) {
    const [device = '', ...pairs] = line.split(' ')
    const [major, minor] = device.split(':').map(Number)
    for (const pair of pairs) {
      const [key = '', value = ''] = pair.split('=')
      const op = names[key as keyof typeof names]
      if (op === undefined) continue
      const list = key.endsWith('bytes') ? ioServiceBytesRecursive : ioServicedRecursive
      list.push({ major, minor, op, value: number(value) })
    }
  }
  return { ioServiceBytesRecursive, ioServicedRecursive }
}

function hugetlbStats(cgroup: string, read: Read) {
  const sizes = listFolder(cgroup).flatMap((name) => /^hugetlb\.(\w+)\.current$/.exec(name)?.[1] ?? [])
  return Object.fromEntries(
    sizes.map((size) => [
      size,
      {
        usage: number(read(`hugetlb.${size}.current`)),
        failcnt: keyed(read(`hugetlb.${size}.events`)).get('max') ?? 0n,
      },
    ]),
  )
}

/** How often the OOM killer ended something in it. */
export const readOomKills = (cgroup: string): bigint =>
  keyed(readTextIfAny(`${cgroup}/memory.events`) ?? '').get('oom_kill') ?? 0n
