/** A volume as `volume ls` and `volume inspect` have it (docker/cli formatter/volume.go, moby api/types/volume). */
import { type Volume, volumeData } from '../../engine/volume/volume.ts'
import { Nil } from '../format/go-value.ts'
import type { RowShape } from '../format/rows.ts'

export interface VolumeRow {
  readonly volume: Volume
  readonly dataRoot: string
  /** How many containers use it, and its bytes: `system df`. */
  readonly links?: number
  readonly size?: string
}

/** Docker says so of a volume without a name of its own. */
const anonymousLabel = 'com.docker.volume.anonymous'

export const volumeLabels = ({ labels, anonymous }: Volume): Record<string, string> => ({
  ...labels,
  ...(anonymous && { [anonymousLabel]: '' }),
})

export const volumeShape: RowShape<VolumeRow> = {
  type: '*formatter.volumeContext',
  columns: {
    Availability: { header: 'AVAILABILITY', of: () => 'N/A' },
    Driver: { header: 'DRIVER', of: () => 'local' },
    Group: { header: 'GROUP', of: () => 'N/A' },
    Labels: {
      header: 'LABELS',
      of: ({ volume }) =>
        Object.entries(volumeLabels(volume))
          .map(([name, value]) => `${name}=${value}`)
          .sort()
          .join(','),
    },
    Links: { header: 'LINKS', of: ({ links }) => (links === undefined ? 'N/A' : String(links)) },
    Mountpoint: { header: 'MOUNTPOINT', of: ({ volume, dataRoot }) => volumeData(dataRoot, volume.name) },
    Name: { header: 'VOLUME NAME', of: ({ volume }) => volume.name },
    Scope: { header: 'SCOPE', of: () => 'local' },
    Size: { header: 'SIZE', of: ({ size = 'N/A' }) => size },
    Status: { header: 'STATUS', of: () => 'N/A' },
  },
  labels: ({ volume }) => volumeLabels(volume),
}

const orNil = (record: Readonly<Record<string, string>>): unknown =>
  Object.keys(record).length === 0 ? new Nil('map') : new Map(Object.entries(record))

export const volumeJson = (volume: Volume, dataRoot: string): object => ({
  CreatedAt: volume.createdAt,
  Driver: 'local',
  Labels: orNil(volumeLabels(volume)),
  Mountpoint: volumeData(dataRoot, volume.name),
  Name: volume.name,
  Options: orNil(volume.options),
  Scope: 'local',
})
