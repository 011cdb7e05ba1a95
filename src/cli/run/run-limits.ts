/** The flags that limit a container, as values. */
import type { ResourceOptions } from '../../engine/config/resources.ts'
import type { RunFlagValues } from './run-flags.ts'

const limitFlags = [
  'blkio-weight',
  'cgroup-parent',
  'cpu-period',
  'cpu-quota',
  'cpu-shares',
  'cpus',
  'cpuset-cpus',
  'cpuset-mems',
  'device-read-bps',
  'device-read-iops',
  'device-write-bps',
  'device-write-iops',
  'memory',
  'memory-reservation',
  'memory-swap',
  'pids-limit',
] as const satisfies (keyof RunFlagValues)[]

/** The first limit asked for. */
export function limitOf(flags: RunFlagValues): string | undefined {
  for (const name of limitFlags) if (flags[name] !== undefined) return name
  return undefined
}

export const resourceOptions = (flags: RunFlagValues): ResourceOptions => ({
  memoryBytes: flags.memory,
  memorySwapBytes: flags['memory-swap'],
  memoryReservationBytes: flags['memory-reservation'],
  nanoCpus: flags.cpus,
  cpuShares: flags['cpu-shares'],
  cpuPeriodMicroseconds: flags['cpu-period'],
  cpuQuotaMicroseconds: flags['cpu-quota'],
  cpusetCpus: flags['cpuset-cpus'],
  cpusetMems: flags['cpuset-mems'],
  pidsLimit: flags['pids-limit'],
  blkioWeight: flags['blkio-weight'],
  deviceReadBps: flags['device-read-bps'] ?? [],
  deviceWriteBps: flags['device-write-bps'] ?? [],
  deviceReadIops: flags['device-read-iops'] ?? [],
  deviceWriteIops: flags['device-write-iops'] ?? [],
})
