/** A row of `ps`: what a template may ask of a container (docker/cli formatter/container.go). */

import { containerArguments } from '../../engine/config/container-command.ts'
import type { Container } from '../../engine/container/list.ts'
import { quote } from '../format/printf.ts'
import type { RowShape } from '../format/rows.ts'
import { ellipsis, goTime, humanDuration, humanSize } from '../format/units.ts'
import { describeStatus } from './container-status.ts'

export interface ContainerRow {
  readonly container: Container
  /** Ids and commands are cut: no `--no-trunc`. */
  readonly cut: boolean
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Bytes that it wrote, and those with its image's; absent where nobody asked. */
  readonly size?: { readonly own: number; readonly whole: number }
  readonly health?: string
  /** `0.0.0.0:80->80/tcp` */
  readonly ports: string
  /** The image's name, or its id where the name is another image's by now. */
  readonly image: string
}

/** Program and arguments; those with spaces in quotes. */
export function commandLine({ record }: Container): string {
  const [program = '', ...args] = containerArguments(record.image.config, record.options)
  return [program, ...args.map((arg) => (arg.includes(' ') ? `'${arg}'` : arg))].join(' ')
}

/** The image's labels and, over them, the user's. */
export const labelsOf = ({ record }: Container): Record<string, string> => ({
  ...record.image.config.Labels,
  ...record.options.labels,
})

const created = ({ container }: ContainerRow): number => Number(container.state.createdAt / 1_000_000n)

function mountNames({ container, cut }: ContainerRow): string[] {
  const names: string[] = []
  for (const mount of container.record.options.mounts) {
    if (mount.type !== 'tmpfs') names.push(mount.type === 'volume' ? mount.name : mount.source)
  }
  return cut ? names.map((name) => ellipsis(name, 15)) : names
}

function size({ size: known }: ContainerRow): string {
  if (known === undefined) return '0B'
  return `${humanSize(known.own, 3)} (virtual ${humanSize(known.whole, 3)})`
}

export const containerShape: RowShape<ContainerRow> = {
  type: '*formatter.ContainerContext',
  columns: {
    ID: { header: 'CONTAINER ID', of: ({ container: { id }, cut }) => (cut ? id.slice(0, 12) : id) },
    Names: { header: 'NAMES', of: ({ container }) => container.name },
    Image: { header: 'IMAGE', of: ({ image }) => image },
    Command: {
      header: 'COMMAND',
      of: ({ container, cut }) => quote(cut ? ellipsis(commandLine(container), 20) : commandLine(container)),
    },
    CreatedAt: { header: 'CREATED AT', of: (row) => goTime(Math.trunc(created(row) / 1000) * 1000) },
    RunningFor: { header: 'CREATED', of: (row) => `${humanDuration(row.now - created(row))} ago` },
    Ports: { header: 'PORTS', of: ({ ports }) => ports },
    State: { header: 'STATE', of: ({ container }) => container.state.status },
    Status: {
      header: 'STATUS',
      of: ({ container, now, health }) => describeStatus(container.state, now, health),
    },
    Size: { header: 'SIZE', of: size },
    Labels: {
      header: 'LABELS',
      of: ({ container }) =>
        Object.entries(labelsOf(container))
          .map(([name, value]) => `${name}=${value}`)
          .sort()
          .join(','),
    },
    Mounts: { header: 'MOUNTS', of: (row) => mountNames(row).join(',') },
    LocalVolumes: {
      header: 'LOCAL VOLUMES',
      of: ({ container }) =>
        String(container.record.options.mounts.filter(({ type }) => type === 'volume').length),
    },
    Networks: { header: 'NETWORKS', of: ({ container }) => networksOf(container).join(',') },
  },
  labels: ({ container }) => labelsOf(container),
}

/** Docker's mode where it hangs on no network: `host`, `none`. */
export const networksOf = ({ record: { options } }: Container): string[] =>
  options.endpoints.length > 0
    ? options.endpoints.map(({ network }) => network)
    : [options.network.replace(/^(pasta|slirp4netns):.*/, '$1')]
