/**
 * What systemd must know of a container's limits: the files of its cgroup that systemd has properties for
 * (systemd.resource-control(5), org.freedesktop.systemd1(5)), so that it does not put back what it thinks is right.
 */
import { bitMask } from './bit-list.ts'
import type { CgroupFile } from './cgroup-resources.ts'

/** Name, D-Bus signature, value. */
export type UnitProperty = readonly [
  name: string,
  signature: string,
  value: string | bigint | boolean | readonly number[],
]

const INFINITY = 0xffff_ffff_ffff_ffffn

const BYTES: Readonly<Record<string, string>> = {
  'memory.high': 'MemoryHigh',
  'memory.low': 'MemoryLow',
  'memory.max': 'MemoryMax',
  'memory.min': 'MemoryMin',
  'memory.swap.max': 'MemorySwapMax',
  'pids.max': 'TasksMax',
}
const LISTS: Readonly<Record<string, string>> = {
  'cpuset.cpus': 'AllowedCPUs',
  'cpuset.mems': 'AllowedMemoryNodes',
}

const number = (text: string): bigint => (text === 'max' ? INFINITY : BigInt(text))

/** Files that systemd does not know have none; a later file wins, as it does when it is written. */
export function unitProperties(files: readonly CgroupFile[]): UnitProperty[] {
  const properties = new Map<string, UnitProperty>()
  for (const file of files) for (const property of propertiesOf(file)) properties.set(property[0], property)
  return [...properties.values()]
}

function propertiesOf({ at, file, text }: CgroupFile): UnitProperty[] {
  const trimmed = text.trim()
  const limit = BYTES[file]
  if (limit !== undefined) return [[limit, 't', number(trimmed)]]
  const list = LISTS[file]
  if (list !== undefined) return [[list, 'ay', [...bitMask(trimmed, at)]]]
  switch (file) {
    case 'cpu.weight':
      return [['CPUWeight', 't', BigInt(trimmed)]]
    case 'cpu.idle':
      return trimmed === '1' ? [['CPUWeight', 't', 0n]] : []
    case 'cpu.max':
      return quotaProperties(trimmed)
    case 'io.weight':
      return trimmed.startsWith('default ')
        ? [['IOWeight', 't', BigInt(trimmed.slice('default '.length))]]
        : []
    case 'memory.oom.group':
      return [['OOMPolicy', 's', trimmed === '1' ? 'kill' : 'continue']]
  }
  return []
}

const MICROSECONDS = 1_000_000n
const PERCENT = 10_000n

/** systemd counts in whole percents of a processor: up, so that cgroups below may have what they were promised. */
function quotaProperties(text: string): UnitProperty[] {
  const [quota = 'max', period = '100000'] = text.split(/\s+/)
  const perSecond =
    quota === 'max'
      ? INFINITY
      : (((BigInt(quota) * MICROSECONDS) / BigInt(period) + PERCENT - 1n) / PERCENT) * PERCENT
  return [
    ['CPUQuotaPeriodUSec', 't', BigInt(period)],
    ['CPUQuotaPerSecUSec', 't', perSecond],
  ]
}

/** Set once, before the unit starts. */
const AT_START = ['OOMPolicy']

export const isChangeable = ([name]: UnitProperty): boolean => !AT_START.includes(name)
