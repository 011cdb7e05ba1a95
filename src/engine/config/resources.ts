/**
 * Limits: Docker's flags as `linux.resources` (moby daemon/daemon_unix.go). Swap is memory plus swap, as the flag and
 * the runtime-spec both count it; the cgroup compiler splits the two for cgroup v2.
 */
import { ConfigError, UsageError } from '../../errors.ts'
import type { BlockIO, BlockIOThrottle, CPU, DeviceRule, Memory, Resources } from '../../oci/runtime-spec.ts'
import type { DeviceRate } from './device-flag.ts'

export interface ResourceOptions {
  memoryBytes?: number | undefined
  /** Memory plus swap; -1: unlimited. Absent with a memory limit: twice that. */
  memorySwapBytes?: number | undefined
  memoryReservationBytes?: number | undefined
  /** Billionths of a processor. */
  nanoCpus?: number | undefined
  cpuShares?: number | undefined
  cpuPeriodMicroseconds?: number | undefined
  cpuQuotaMicroseconds?: number | undefined
  cpusetCpus?: string | undefined
  cpusetMems?: string | undefined
  /** 0 or less: unlimited. */
  pidsLimit?: number | undefined
  blkioWeight?: number | undefined
  deviceReadBps: DeviceRate[]
  deviceWriteBps: DeviceRate[]
  deviceReadIops: DeviceRate[]
  deviceWriteIops: DeviceRate[]
}

/** `--cpus 1.5`, in billionths. @throws UsageError with Docker's words */
export function parseCpus(text: string): number {
  const [, whole = '', fraction = ''] = /^\+?(\d*)\.?(\d*)$/.exec(text) ?? []
  if (whole + fraction === '') throw new UsageError(`failed to parse ${text} as a rational number`)
  if (fraction.replace(/0+$/, '').length > 9) throw new UsageError('value is too precise')
  return Number(whole) * 1e9 + Number(fraction.padEnd(9, '0').slice(0, 9))
}

/** `0-3,5`: cpuset(7) "List format". @throws UsageError */
export function parseCpuset(text: string): string {
  if (!/^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*$/.test(text)) throw new UsageError(`Invalid value ${text} for cpuset`)
  return text
}

/** `--blkio-weight`. @throws UsageError with Docker's words */
export function parseBlkioWeight(text: string): number {
  const weight = Number(text)
  if (!/^\d+$/.test(text) || (weight !== 0 && (weight < 10 || weight > 1000))) {
    throw new UsageError('Range of blkio weight is from 10 to 1000')
  }
  return weight
}

const minimumMemoryBytes = 6 * 1024 * 1024

/** Which values cannot stand together, in Docker's words and order. */
const conflicts: readonly [fact: string, holds: (options: ResourceOptions) => boolean][] = [
  [
    'Minimum memory limit allowed is 6MB',
    ({ memoryBytes = 0 }) => memoryBytes > 0 && memoryBytes < minimumMemoryBytes,
  ],
  [
    'Minimum memoryswap limit should be larger than memory limit, see usage',
    ({ memoryBytes = 0, memorySwapBytes = 0 }) =>
      memoryBytes > 0 && memorySwapBytes > 0 && memorySwapBytes < memoryBytes,
  ],
  [
    'You should always set the Memory limit when using Memoryswap limit, see usage',
    ({ memoryBytes = 0, memorySwapBytes = 0 }) => memoryBytes === 0 && memorySwapBytes > 0,
  ],
  [
    'Minimum memory reservation allowed is 6MB',
    ({ memoryReservationBytes = 0 }) =>
      memoryReservationBytes > 0 && memoryReservationBytes < minimumMemoryBytes,
  ],
  [
    'Minimum memory limit can not be less than memory reservation limit, see usage',
    ({ memoryBytes = 0, memoryReservationBytes = 0 }) =>
      memoryBytes > 0 && memoryBytes < memoryReservationBytes,
  ],
  [
    'Conflicting options: Nano CPUs and CPU Period cannot both be set',
    ({ nanoCpus = 0, cpuPeriodMicroseconds = 0 }) => nanoCpus > 0 && cpuPeriodMicroseconds > 0,
  ],
  [
    'Conflicting options: Nano CPUs and CPU Quota cannot both be set',
    ({ nanoCpus = 0, cpuQuotaMicroseconds = 0 }) => nanoCpus > 0 && cpuQuotaMicroseconds > 0,
  ],
  [
    'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)',
    ({ cpuPeriodMicroseconds: period = 0 }) => period !== 0 && (period < 1000 || period > 1_000_000),
  ],
  [
    'CPU cfs quota can not be less than 1ms (i.e. 1000)',
    ({ cpuQuotaMicroseconds: quota = 0 }) => quota > 0 && quota < 1000,
  ],
]

/** @throws UsageError with Docker's words, for values that cannot stand together */
export function checkResources(options: ResourceOptions): void {
  const conflict = conflicts.find(([, holds]) => holds(options))
  if (conflict !== undefined) throw new UsageError(conflict[0])
}

function memoryResources(options: ResourceOptions): Memory | undefined {
  const { memoryBytes = 0, memorySwapBytes = 0, memoryReservationBytes = 0 } = options
  if (memoryBytes + memoryReservationBytes === 0 && memorySwapBytes === 0) return undefined
  const swap = memorySwapBytes === 0 ? memoryBytes * 2 : memorySwapBytes
  return {
    ...(memoryBytes > 0 && { limit: memoryBytes }),
    ...(memoryReservationBytes > 0 && { reservation: memoryReservationBytes }),
    ...(swap !== 0 && { swap }),
  }
}

function cpuResources(options: ResourceOptions, cpuCount: number): CPU | undefined {
  const { nanoCpus = 0, cpuShares = 0, cpusetCpus, cpusetMems } = options
  if (nanoCpus > cpuCount * 1e9) {
    throw new ConfigError(
      '--cpus',
      `Range of CPUs is from 0.01 to ${cpuCount}.00, as there are only ${cpuCount} CPUs available`,
    )
  }
  const period = nanoCpus > 0 ? 100_000 : (options.cpuPeriodMicroseconds ?? 0)
  const quota = nanoCpus > 0 ? Math.trunc(nanoCpus / 10_000) : (options.cpuQuotaMicroseconds ?? 0)
  const cpu: CPU = {
    ...(cpuShares > 0 && { shares: cpuShares }),
    ...(period !== 0 && { period }),
    ...(quota !== 0 && { quota }),
    ...(cpusetCpus !== undefined && { cpus: cpusetCpus }),
    ...(cpusetMems !== undefined && { mems: cpusetMems }),
  }
  return Object.keys(cpu).length > 0 ? cpu : undefined
}

/** The number of the block device at a path, which only the host knows. */
export type DeviceNumber = (path: string) => { type: string; major?: number; minor?: number } | undefined

function throttles(
  flag: string,
  rates: readonly DeviceRate[],
  deviceNumber: DeviceNumber,
): BlockIOThrottle[] {
  return rates.map(({ path, rate }) => {
    const device = deviceNumber(path)
    if (device?.type !== 'b') throw new ConfigError(flag, `Cannot limit ${path}: it is not a block device`)
    return { major: device.major ?? 0, minor: device.minor ?? 0, rate }
  })
}

function blockIO(options: ResourceOptions, deviceNumber: DeviceNumber): BlockIO | undefined {
  const limits = [
    ['throttleReadBpsDevice', '--device-read-bps', options.deviceReadBps],
    ['throttleWriteBpsDevice', '--device-write-bps', options.deviceWriteBps],
    ['throttleReadIOPSDevice', '--device-read-iops', options.deviceReadIops],
    ['throttleWriteIOPSDevice', '--device-write-iops', options.deviceWriteIops],
  ] as const
  const block: BlockIO = { ...(options.blkioWeight && { weight: options.blkioWeight }) }
  for (const [field, flag, rates] of limits) {
    if (rates.length > 0) block[field] = throttles(flag, rates, deviceNumber)
  }
  return Object.keys(block).length > 0 ? block : undefined
}

/**
 * `linux.resources`, without what nobody asked for: an absent limit writes no file.
 * @throws ConfigError for what this host cannot do
 */
export function linuxResources(
  options: ResourceOptions,
  host: { cpuCount: number; deviceNumber: DeviceNumber },
  devices: DeviceRule[],
): Resources {
  const { pidsLimit } = options
  const memory = memoryResources(options)
  const cpu = cpuResources(options, host.cpuCount)
  const block = blockIO(options, host.deviceNumber)
  return {
    devices,
    ...(memory && { memory }),
    ...(cpu && { cpu }),
    ...(pidsLimit !== undefined && { pids: { limit: pidsLimit <= 0 ? -1 : pidsLimit } }),
    ...(block && { blockIO: block }),
  }
}
