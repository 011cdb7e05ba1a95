/**
 * `linux.resources` as files of cgroup v2. Values that the spec still counts in v1's units are converted as runc and
 * crun do (runtime-spec config-linux.md#control-groups; crun.1, "CGROUP v2").
 */
import { ConfigError } from '../errors.ts'
import type { Config, Resources } from '../oci/runtime-spec.ts'

export interface CgroupFile {
  /** The controller that owns the file; undefined for the cgroup core. */
  readonly controller: string | undefined
  readonly file: string
  readonly text: string
  /** JSON pointer. */
  readonly at: string
}

const AT = '/linux/resources'

const limit = (value: number | bigint): string => (value < 0 ? 'max' : String(value))

/** Every file to write, in an order the kernel accepts; `unified` last, so that it wins. */
export function resourceFiles(config: Config): CgroupFile[] {
  const resources = config.linux?.resources
  if (!resources) return []
  return [
    ...memoryFiles(resources),
    ...cpuFiles(resources),
    ...cpusetFiles(resources),
    ...pidsFiles(resources),
    ...ioFiles(resources),
    ...hugetlbFiles(resources),
    ...rdmaFiles(resources),
    ...networkFiles(resources),
    ...unifiedFiles(resources),
  ]
}

function memoryFiles({ memory }: Resources): CgroupFile[] {
  if (!memory) return []
  const files: CgroupFile[] = []
  const add = (file: string, text: string, field: string): void => {
    files.push({ controller: 'memory', file, text, at: `${AT}/memory/${field}` })
  }
  const hasLimit = memory.limit !== undefined && memory.limit !== 0
  if (hasLimit) add('memory.max', limit(memory.limit as number), 'limit')
  if (memory.swap !== undefined && memory.swap !== 0)
    add('memory.swap.max', swapMax(memory.swap, memory.limit), 'swap')
  if (memory.reservation) add('memory.low', limit(memory.reservation), 'reservation')
  for (const field of ['kernel', 'kernelTCP'] as const) {
    if ((memory[field] ?? 0) > 0)
      throw new ConfigError(
        `${AT}/memory/${field}`,
        'expected no separate kernel memory limit: cgroup v2 counts it in memory.max',
      )
  }
  if (memory.disableOOMKiller)
    throw new ConfigError(
      `${AT}/memory/disableOOMKiller`,
      'expected false: cgroup v2 cannot stop the OOM killer, only oomScoreAdj can steer it',
    )
  if ((memory.swappiness ?? 60) !== 60 && memory.swappiness !== undefined)
    throw new ConfigError(`${AT}/memory/swappiness`, 'expected none: cgroup v2 has no swappiness')
  return files
}

/** The spec counts memory and swap together, cgroup v2 swap alone. */
function swapMax(swap: number, memoryLimit: number | undefined): string {
  const at = `${AT}/memory/swap`
  if (swap < 0) return 'max'
  if (memoryLimit === undefined || memoryLimit <= 0)
    throw new ConfigError(at, 'expected a memory limit too: swap counts memory and swap together')
  if (swap < memoryLimit)
    throw new ConfigError(
      at,
      `expected at least the memory limit ${memoryLimit} but found ${swap}: it counts memory and swap together`,
    )
  return String(swap - memoryLimit)
}

/** 2 to 262144 onto 1 to 10000, as runc 1.3.2 and crun 1.23 do: 1024 becomes 100, both defaults (opencontainers/cgroups). */
export function weightOfShares(shares: number): number {
  if (shares <= 2) return 1
  if (shares >= 262144) return 10000
  const log = Math.log2(shares)
  const exponent = (log * log + 125 * log) / 612 - 7 / 34
  return Math.ceil(10 ** exponent)
}

const DEFAULT_PERIOD_MICROSECONDS = 100_000

function cpuFiles({ cpu }: Resources): CgroupFile[] {
  if (!cpu) return []
  const files: CgroupFile[] = []
  const add = (file: string, text: string, field: string): void => {
    files.push({ controller: 'cpu', file, text, at: `${AT}/cpu/${field}` })
  }
  if (cpu.idle !== undefined) add('cpu.idle', String(cpu.idle), 'idle')
  if (cpu.shares) add('cpu.weight', String(weightOfShares(cpu.shares)), 'shares')
  if (cpu.quota || cpu.period) {
    const quota = cpu.quota && cpu.quota > 0 ? String(cpu.quota) : 'max'
    add('cpu.max', `${quota} ${cpu.period || DEFAULT_PERIOD_MICROSECONDS}`, cpu.quota ? 'quota' : 'period')
  }
  if (cpu.burst !== undefined) add('cpu.max.burst', String(cpu.burst), 'burst')
  for (const field of ['realtimePeriod', 'realtimeRuntime'] as const) {
    if (cpu[field])
      throw new ConfigError(`${AT}/cpu/${field}`, 'expected none: cgroup v2 has no real-time limits')
  }
  return files
}

function cpusetFiles({ cpu }: Resources): CgroupFile[] {
  const files: CgroupFile[] = []
  if (cpu?.cpus)
    files.push({ controller: 'cpuset', file: 'cpuset.cpus', text: cpu.cpus, at: `${AT}/cpu/cpus` })
  if (cpu?.mems)
    files.push({ controller: 'cpuset', file: 'cpuset.mems', text: cpu.mems, at: `${AT}/cpu/mems` })
  return files
}

const pidsFiles = ({ pids }: Resources): CgroupFile[] =>
  pids?.limit
    ? [{ controller: 'pids', file: 'pids.max', text: limit(pids.limit), at: `${AT}/pids/limit` }]
    : []

/** 10 to 1000 onto 1 to 10000: io.weight's range. */
const ioWeight = (weight: number): number => 1 + Math.floor(((weight - 10) * 9999) / 990)

const leafWeight = (field: string): ConfigError =>
  new ConfigError(`${AT}/blockIO/${field}`, 'expected none: cgroup v2 has no weights of leaves')

function ioFiles({ blockIO }: Resources): CgroupFile[] {
  if (!blockIO) return []
  const files: CgroupFile[] = []
  const add = (file: string, text: string, field: string): void => {
    files.push({ controller: 'io', file, text, at: `${AT}/blockIO/${field}` })
  }
  if (blockIO.leafWeight) throw leafWeight('leafWeight')
  if (blockIO.weight) add('io.weight', `default ${ioWeight(blockIO.weight)}`, 'weight')
  blockIO.weightDevice?.forEach((device, i) => {
    if (device.leafWeight) throw leafWeight(`weightDevice/${i}/leafWeight`)
    if (device.weight)
      add('io.weight', `${device.major}:${device.minor} ${ioWeight(device.weight)}`, `weightDevice/${i}`)
  })
  for (const [field, key] of [
    ['throttleReadBpsDevice', 'rbps'],
    ['throttleWriteBpsDevice', 'wbps'],
    ['throttleReadIOPSDevice', 'riops'],
    ['throttleWriteIOPSDevice', 'wiops'],
  ] as const) {
    blockIO[field]?.forEach((device, i) => {
      add(
        'io.max',
        `${device.major}:${device.minor} ${key}=${device.rate === 0 ? 'max' : device.rate}`,
        `${field}/${i}`,
      )
    })
  }
  return files
}

const hugetlbFiles = ({ hugepageLimits }: Resources): CgroupFile[] =>
  (hugepageLimits ?? []).flatMap(({ pageSize, limit: bytes }, i) =>
    // What is reserved is refused at mmap(2), what is used by SIGBUS.
    ['max', 'rsvd.max'].map((what) => ({
      controller: 'hugetlb',
      file: `hugetlb.${pageSize}.${what}`,
      text: String(bytes),
      at: `${AT}/hugepageLimits/${i}`,
    })),
  )

const rdmaFiles = ({ rdma }: Resources): CgroupFile[] =>
  Object.entries(rdma ?? {}).map(([device, { hcaHandles, hcaObjects }]) => ({
    controller: 'rdma',
    file: 'rdma.max',
    text: `${device} hca_handle=${hcaHandles ?? 'max'} hca_object=${hcaObjects ?? 'max'}`,
    at: `${AT}/rdma/${device}`,
  }))

function networkFiles({ network }: Resources): CgroupFile[] {
  if (network?.classID || network?.priorities?.length) {
    throw new ConfigError(
      `${AT}/network`,
      'expected none: cgroup v2 has no net_cls and net_prio; use nftables or tc by cgroup',
    )
  }
  return []
}

function unifiedFiles({ unified }: Resources): CgroupFile[] {
  return Object.entries(unified ?? {}).flatMap(([file, text]) => {
    const at = `${AT}/unified/${file}`
    // The name becomes a path below the cgroup (CVE-2022-0811's kind of injection).
    if (!/^[a-z][a-z0-9_]*\.[A-Za-z0-9_.]+$/.test(file))
      throw new ConfigError(
        at,
        `expected the name of a cgroup file: the specified key has not the form CONTROLLER.VALUE \`${file}\``,
      )
    const controller = file.slice(0, file.indexOf('.'))
    // A device a line, as in io.max: the kernel takes one line a write.
    return text
      .split('\n')
      .filter((line, i) => line !== '' || i === 0)
      .map((line) => ({ controller: controller === 'cgroup' ? undefined : controller, file, text: line, at }))
  })
}
