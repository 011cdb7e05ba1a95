/** `tinyctr-runtime update`: limits from a file, from standard input, or by runc's flags. */
import { parseInteger } from '../../engine/config/integer.ts'
import { parseSwapSize } from '../../engine/config/size.ts'
import { readAll, readText } from '../../linux/file.ts'
import type { Resources } from '../../oci/runtime-spec.ts'
import { parseResources } from '../../oci/validate.ts'
import { updateSchemata } from '../../runtime/intel-rdt.ts'
import { update as updateContainer } from '../../runtime/update.ts'
import type { FlagTable, FlagValues } from '../flag.ts'
import { runtimeCommand } from './command.ts'

const number = { takes: 'one', value: 'N', parse: parseInteger } as const
const size = { takes: 'one', value: 'BYTES', parse: parseSwapSize } as const

const updateFlags = {
  'blkio-weight': { ...number, help: 'Share of block I/O, 10 to 1000' },
  'cpu-burst': { ...number, help: 'Microseconds of CPU time that may be saved up' },
  'cpu-idle': { ...number, help: '1: only when nobody else wants the CPU' },
  'cpu-period': { ...number, help: 'The period of the CPU quota, in microseconds' },
  'cpu-quota': { ...number, help: 'Microseconds of CPU time in a period' },
  'cpu-rt-period': { ...number, help: 'Of cgroup v1: refused' },
  'cpu-rt-runtime': { ...number, help: 'Of cgroup v1: refused' },
  'cpu-share': { ...number, help: 'Share of CPU time, 2 to 262144' },
  'cpuset-cpus': { takes: 'one', value: 'LIST', help: 'The processors it may use' },
  'cpuset-mems': { takes: 'one', value: 'LIST', help: 'The memory nodes it may use' },
  'kernel-memory': { ...size, hidden: true, help: 'Accepted for compatibility: counted in memory' },
  'kernel-memory-tcp': { ...size, hidden: true, help: 'Accepted for compatibility: counted in memory' },
  'l3-cache-schema': { takes: 'one', value: 'SCHEMA', help: 'Intel RDT: its share of caches' },
  'mem-bw-schema': { takes: 'one', value: 'SCHEMA', help: 'Intel RDT: its share of memory bandwidth' },
  memory: { ...size, help: 'Memory limit; -1: none' },
  'memory-reservation': { ...size, help: 'Memory that is reclaimed last' },
  'memory-swap': { ...size, help: 'Memory and swap together; -1: no limit' },
  'pids-limit': { ...number, help: 'How many processes; -1: no limit' },
  resources: { takes: 'one', short: 'r', value: 'FILE', help: 'Limits as JSON; -: standard input' },
} as const satisfies FlagTable

export const update = runtimeCommand({
  usage: '[OPTIONS] ID',
  summary: 'Change the limits of a container',
  flags: updateFlags,
  least: 1,
  most: 1,
  async execute({ flags, positionals, global }) {
    const { resources: file } = flags
    const resources =
      file === undefined
        ? resourcesOf(flags)
        : parseResources(file === '-' ? new TextDecoder().decode(readAll(STDIN)) : readText(file))
    const l3CacheSchema = flags['l3-cache-schema']
    const memBwSchema = flags['mem-bw-schema']
    if (l3CacheSchema || memBwSchema)
      updateSchemata(global.root, positionals[0] as string, {
        ...(l3CacheSchema ? { l3CacheSchema } : {}),
        ...(memBwSchema ? { memBwSchema } : {}),
      })
    await updateContainer(global.root, positionals[0] as string, resources)
    return 0
  },
})

/** By number: a socket cannot be opened by its path. */
const STDIN = 0

type Values = FlagValues<typeof updateFlags>

function resourcesOf(flags: Values): Resources {
  return {
    memory: present({
      limit: flags.memory,
      reservation: flags['memory-reservation'],
      swap: flags['memory-swap'],
    }),
    cpu: present({
      burst: flags['cpu-burst'],
      cpus: flags['cpuset-cpus'],
      idle: flags['cpu-idle'],
      mems: flags['cpuset-mems'],
      period: flags['cpu-period'],
      quota: flags['cpu-quota'],
      realtimePeriod: flags['cpu-rt-period'],
      realtimeRuntime: flags['cpu-rt-runtime'],
      shares: flags['cpu-share'],
    }),
    blockIO: present({ weight: flags['blkio-weight'] }),
    ...(flags['pids-limit'] === undefined ? {} : { pids: { limit: flags['pids-limit'] } }),
  }
}

const present = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
