/** A row of `stats` (docker/cli container/formatter_stats.go), and how pressed the container is. */
import { type Pressure, readPressure } from '../../engine/stats/cgroup-usage.ts'
import type { Sample } from '../../engine/stats/sampler.ts'
import type { RowShape } from '../format/rows.ts'
import { bytesSize, humanSize, percentage } from '../format/units.ts'

export interface StatsRow {
  readonly sample: Sample
  /** As it was typed, or its id. */
  readonly typed: string
  readonly cut: boolean
}

const unknown = '--'

function memory({ sample: { usage } }: StatsRow): string {
  if (usage === undefined) return '0B / 0B'
  const used = usage.memoryBytes === undefined ? unknown : bytesSize(usage.memoryBytes)
  return `${used}${usage.memoryIsPss ? ' (PSS)' : ''} / ${bytesSize(usage.memoryLimitBytes)}`
}

function memoryPercent({ sample: { usage } }: StatsRow): string {
  if (usage === undefined) return percentage(0)
  if (usage.memoryBytes === undefined || usage.memoryLimitBytes === 0) return unknown
  return percentage((usage.memoryBytes / usage.memoryLimitBytes) * 100)
}

function blockIo({ sample: { usage } }: StatsRow): string {
  if (usage === undefined) return '0B / 0B'
  return usage.io === undefined
    ? unknown
    : `${humanSize(usage.io.read, 3)} / ${humanSize(usage.io.written, 3)}`
}

function networkIo({ sample: { container, usage } }: StatsRow): string {
  // The host's interfaces are not the container's.
  if (usage === undefined || container.record.options.network === 'host') return '0B / 0B'
  return `${humanSize(usage.network.received, 3)} / ${humanSize(usage.network.sent, 3)}`
}

/** Read when it is asked for: three files more of each container. */
function pressure({ sample: { usage } }: StatsRow): string {
  const averages: Pressure = usage === undefined ? {} : readPressure(usage.cgroup)
  return (['cpu', 'memory', 'io'] as const)
    .map((what) => averages[what])
    .map((average) => (average === undefined ? unknown : percentage(average)))
    .join(' / ')
}

export const statsShape: RowShape<StatsRow> = {
  type: '*container.statsContext',
  columns: {
    BlockIO: { header: 'BLOCK I/O', of: blockIo },
    CPUPerc: { header: 'CPU %', of: ({ sample }) => percentage(sample.cpuPercent) },
    Container: { header: 'CONTAINER', of: ({ typed }) => typed },
    ID: {
      header: 'CONTAINER ID',
      of: ({ sample: { container }, cut }) => (cut ? container.id.slice(0, 12) : container.id),
    },
    MemPerc: { header: 'MEM %', of: memoryPercent },
    MemUsage: { header: 'MEM USAGE / LIMIT', of: memory },
    Name: { header: 'NAME', of: ({ sample }) => sample.container.name },
    NetIO: { header: 'NET I/O', of: networkIo },
    PIDs: { header: 'PIDS', of: ({ sample: { usage } }) => String(usage?.pids ?? 0) },
    Pressure: { header: 'CPU / MEM / I/O WAIT', of: pressure },
  },
}
