/** `images --tree`: each image with its platforms (docker/cli command/image/tree.go), for people alone. */
import { imagePlatforms, type PlatformImage } from '../../engine/image/image-platforms.ts'
import type { ShownImage } from '../../engine/image/list-images.ts'
import { formatPlatform } from '../../image/platform.ts'
import type { ImageStore } from '../../image/store.ts'
import { humanSize } from '../format/units.ts'
import { familiar, shortId } from './stored-name.ts'

/** A line: the name, and what stands in the columns behind it; none above the last name of an image. */
interface Line {
  readonly name: string
  readonly cells?: readonly string[]
}

const titles = ['ID', 'DISK USAGE', 'CONTENT SIZE', 'EXTRA']
const gap = '   '

/** @param used the ids of the images that containers are of */
export async function imageTree(
  store: ImageStore,
  images: readonly ShownImage[],
  used: ReadonlySet<string>,
): Promise<string> {
  const groups = await Promise.all(images.map((shown) => linesOf(store, shown, used)))
  const nameOf = ([line]: Line[]): string => (line!.name === untagged ? '\uffff' : line!.name)
  groups.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  const all = groups.flat()
  const width = Math.max('IMAGE'.length, ...all.map(({ name }) => name.length))
  const heading = `${'IMAGE'.padEnd(width)}${gap}${aligned(titles)}`
  return [
    heading,
    ...groups.map((group) => `${group.map((line) => printLine(line, width)).join('\n')}\n`),
  ].join('\n')
}

const untagged = '<untagged>'

const aligned = ([id = '', usage = '', content = '', extra = '']: readonly string[]): string =>
  [id.padEnd(12), usage.padStart(10), content.padStart(12), extra.padEnd(5)].join(gap)

const printLine = ({ name, cells }: Line, width: number): string =>
  cells === undefined ? name : `${name.padEnd(width)}${gap}${aligned(cells)}`

async function linesOf(
  store: ImageStore,
  { image, names }: ShownImage,
  used: ReadonlySet<string>,
): Promise<Line[]> {
  const platforms = await imagePlatforms(store, image.entries[0]!.target)
  const sum = (of: 'content' | 'total'): number => platforms.reduce((total, each) => total + each[of], 0)
  const isUsed = used.has(image.id)
  const cellsOf = (
    id: string,
    { content, total }: Pick<PlatformImage, 'content' | 'total'>,
    isOurs: boolean,
  ) => [shortId(id), humanSize(total, 3), humanSize(content, 3), isUsed && isOurs ? 'U' : ' ']
  const words = names.length > 0 ? names.map(({ reference }) => familiar(reference)).sort() : [untagged]
  const top = words.map(
    (name, at): Line =>
      at < words.length - 1
        ? { name }
        : { name, cells: cellsOf(image.id, { content: sum('content'), total: sum('total') }, true) },
  )
  const branches = platforms.map(
    (each, at): Line => ({
      name: `${at < platforms.length - 1 ? '├─' : '└─'} ${formatPlatform(each.platform)}`,
      cells: cellsOf(each.digest, each, each.digest === image.manifest),
    }),
  )
  return [...top, ...branches]
}
