/** `tinyctr system df`: what images, containers and volumes take on the disk (docker/cli formatter/disk_usage.go). */
import { listContainers } from '../../engine/container/list.ts'
import { type ContainerFolders, containerFolder } from '../../engine/container/record.ts'
import { treeBytes } from '../../engine/image/disk-usage.ts'
import { imageUsage } from '../../engine/image/image-usage.ts'
import { imageUsers } from '../../engine/image/image-users.ts'
import { listImages } from '../../engine/image/list-images.ts'
import { listVolumes, volumeData } from '../../engine/volume/volume.ts'
import { volumeUsers } from '../../engine/volume/volume-users.ts'
import { ImageStore } from '../../image/store.ts'
import { defineCommand } from '../command.ts'
import { containerShape } from '../container/container-row.ts'
import { containerRows } from '../container/container-rows.ts'
import { type RowShape, renderRows } from '../format/rows.ts'
import { humanSize } from '../format/units.ts'
import { imageRows, imageShape } from '../image/images.ts'
import { print } from '../screen/output.ts'
import { volumeShape } from '../volume/volume-row.ts'

interface Kind {
  readonly type: string
  readonly total: number
  readonly active: number
  readonly bytes: number
  readonly reclaimable: number
}

const shape: RowShape<Kind> = {
  type: '*formatter.diskUsageContext',
  columns: {
    Active: { header: 'ACTIVE', of: ({ active }) => String(active) },
    Reclaimable: {
      header: 'RECLAIMABLE',
      of: ({ bytes, reclaimable, type }) =>
        bytes > 0 && type !== 'Build Cache'
          ? `${humanSize(reclaimable)} (${Math.trunc((reclaimable * 100) / bytes)}%)`
          : humanSize(reclaimable),
    },
    Size: { header: 'SIZE', of: ({ bytes }) => humanSize(bytes) },
    TotalCount: { header: 'TOTAL', of: ({ total }) => String(total) },
    Type: { header: 'TYPE', of: ({ type }) => type },
  },
}

const table = 'table {{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}'

export const systemDf = defineCommand({
  usage: '[OPTIONS]',
  summary: 'Show disk usage',
  flags: {
    format: { takes: 'one', value: 'TEMPLATE', help: "'table', 'table TEMPLATE', 'json' or a Go template" },
    verbose: { takes: 'nothing', short: 'v', help: 'Show detailed information on space usage' },
  },
  least: 0,
  most: 0,
  async execute({ flags: { format = 'table', verbose }, folders }) {
    if (verbose) {
      print(await details(folders))
      return 0
    }
    const { dataRoot } = folders
    const kinds = [await imageUse(dataRoot), containerUse(dataRoot), volumeUse(dataRoot)]
    const cache: Kind = { type: 'Build Cache', total: 0, active: 0, bytes: 0, reclaimable: 0 }
    print(renderRows(format === 'table' || format === '' ? table : format, [...kinds, cache], shape))
    return 0
  },
})

async function imageUse(dataRoot: string): Promise<Kind> {
  const { images, usage, containersOf } = await readImageUse(dataRoot)
  const active = images.filter(({ id }) => containersOf(id) > 0).length
  return { type: 'Images', total: images.length, active, bytes: usage.bytes, reclaimable: usage.reclaimable }
}

async function readImageUse(dataRoot: string) {
  const store = new ImageStore(dataRoot)
  try {
    const images = await store.images()
    const counts = new Map<string, number>()
    for (const { image } of imageUsers(dataRoot)) counts.set(image, (counts.get(image) ?? 0) + 1)
    const containersOf = (id: string): number => counts.get(id) ?? 0
    const usage = imageUsage(
      images,
      (chainId) => store.layers.bytes(chainId),
      ({ id }) => containersOf(id) > 0,
    )
    return { images, usage, containersOf }
  } finally {
    store.close()
  }
}

async function imageDetails(dataRoot: string): Promise<string> {
  const { images, usage, containersOf } = await readImageUse(dataRoot)
  const shown = listImages(images, { references: [], labels: () => true })
  const rows = shown.flatMap((one) =>
    imageRows(one, { whole: false, digest: true }).map((row) => ({
      ...row,
      usage: { ...usage.of.get(one.image)!, containers: containersOf(one.image.id) },
    })),
  )
  const columns = [
    'Repository',
    'Tag',
    'ID',
    'CreatedSince',
    'Size',
    'SharedSize',
    'UniqueSize',
    'Containers',
  ]
  return renderRows(`table ${columns.map((name) => `{{.${name}}}`).join('\t')}`, rows, imageShape)
}

function containerUse(dataRoot: string): Kind {
  const sizes = listContainers(dataRoot).map(({ id, state }) => ({
    isUp: state.pid !== 0,
    bytes: treeBytes(`${containerFolder(dataRoot, id)}/upper`),
  }))
  return countUse(
    'Containers',
    sizes.map(({ isUp, bytes }) => ({ active: isUp, bytes })),
  )
}

function volumeUse(dataRoot: string): Kind {
  const users = volumeUsers(dataRoot)
  const sizes = listVolumes(dataRoot).map(({ name }) => ({
    active: users.has(name),
    bytes: treeBytes(volumeData(dataRoot, name)),
  }))
  return countUse('Local Volumes', sizes)
}

function countUse(type: string, sizes: readonly { active: boolean; bytes: number }[]): Kind {
  const sum = (list: typeof sizes): number => list.reduce((total, { bytes }) => total + bytes, 0)
  return {
    type,
    total: sizes.length,
    active: sizes.filter(({ active }) => active).length,
    bytes: sum(sizes),
    reclaimable: sum(sizes.filter(({ active }) => !active)),
  }
}

async function details(folders: ContainerFolders): Promise<string> {
  const { dataRoot } = folders
  const containers = listContainers(dataRoot)
  const rows = await containerRows(containers, folders, { cut: true, sized: true })
  const users = volumeUsers(dataRoot)
  const volumes = listVolumes(dataRoot).map((volume) => ({
    volume,
    dataRoot,
    links: users.get(volume.name)?.length ?? 0,
    size: humanSize(treeBytes(volumeData(dataRoot, volume.name))),
  }))
  const ofContainers =
    'table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t{{.Status}}\t{{.Names}}'
  return [
    `Images space usage:\n\n${await imageDetails(dataRoot)}`,
    `Containers space usage:\n\n${renderRows(ofContainers, rows, containerShape)}`,
    `Local Volumes space usage:\n\n${renderRows('table {{.Name}}\t{{.Links}}\t{{.Size}}', volumes, volumeShape)}`,
    'Build cache usage: 0B\n',
  ].join('\n')
}
