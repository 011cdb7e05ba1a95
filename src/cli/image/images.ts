/** `tinyctr images`: Docker's table, a row for each name. */

import type { ImageUsage } from '../../engine/image/image-usage.ts'
import { imageUsers } from '../../engine/image/image-users.ts'
import { createdAt, listImages, type ShownImage } from '../../engine/image/list-images.ts'
import { StateError } from '../../errors.ts'
import type { ListedImage } from '../../image/store/catalog.ts'
import type { ImageEntry } from '../../image/store/names.ts'
import { ImageStore } from '../../image/store.ts'
import { defineCommand } from '../command.ts'
import type { FlagTable } from '../flag.ts'
import { parseFilter } from '../format/filters.ts'
import { mentions, type RowShape, renderRows } from '../format/rows.ts'
import { goTime, humanDuration, humanSize } from '../format/units.ts'
import type { Invocation } from '../invocation.ts'
import { print, printError } from '../screen/output.ts'
import { listFilters, readImageFilter } from './image-filter.ts'
import { imageTree } from './image-tree.ts'
import { columnsOf, shortId } from './stored-name.ts'

export interface ImageRow {
  readonly image: ListedImage
  /** Absent: dangling. */
  readonly name: ImageEntry | undefined
  readonly repository: string
  readonly tag: string
  /** Ids are not shortened. */
  readonly whole: boolean
  /** Somebody asked for it: docker shows `<none>` where not. */
  readonly digest: boolean
  /** Dear to find out: only for `system df`. */
  readonly usage?: ImageUsage & { readonly containers: number }
}

const none = '<none>'

const sizeOrNone = (bytes: number | undefined): string => (bytes === undefined ? 'N/A' : humanSize(bytes))

export const imageShape: RowShape<ImageRow> = {
  type: '*formatter.imageContext',
  columns: {
    Containers: { header: 'CONTAINERS', of: ({ usage }) => String(usage?.containers ?? 'N/A') },
    CreatedAt: { header: 'CREATED AT', of: ({ image }) => goTime(createdAt(image) ?? 0) },
    CreatedSince: { header: 'CREATED', of: ({ image }) => formatAge(createdAt(image)) },
    Digest: { header: 'DIGEST', of: ({ name, digest }) => (digest && name?.target.digest) || none },
    ID: { header: 'IMAGE ID', of: ({ image, whole }) => (whole ? image.id : shortId(image.id)) },
    Repository: { header: 'REPOSITORY', of: ({ repository }) => repository },
    SharedSize: { header: 'SHARED SIZE', of: ({ usage }) => sizeOrNone(usage?.shared) },
    Size: { header: 'SIZE', of: ({ image }) => humanSize(image.bytes, 3) },
    Tag: { header: 'TAG', of: ({ tag }) => tag },
    UniqueSize: { header: 'UNIQUE SIZE', of: ({ usage }) => sizeOrNone(usage?.unique) },
    VirtualSize: { header: 'SIZE', of: ({ image }) => humanSize(image.bytes) },
  },
}

/** Docker's words for how long ago an image was made. */
export const formatAge = (created: number | undefined, now = Date.now()): string =>
  created === undefined ? 'N/A' : `${humanDuration(Math.max(0, now - created))} ago`

const tableFormat = (digests: boolean): string =>
  `table {{.Repository}}\t{{.Tag}}${digests ? '\t{{.Digest}}' : ''}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}`

const flags = {
  all: { takes: 'nothing', short: 'a', help: 'Show all images (there are no intermediate ones to hide)' },
  digests: { takes: 'nothing', help: 'Show digests' },
  filter: {
    takes: 'many',
    short: 'f',
    value: 'NAME=VALUE',
    parse: parseFilter,
    help: 'Only images with dangling=, label=, before=, since=, until= or reference=',
  },
  format: { takes: 'one', value: 'TEMPLATE', help: 'table, table TEMPLATE, json or a Go template' },
  json: { takes: 'nothing', help: 'An object for each image, as --format json' },
  'no-trunc': { takes: 'nothing', help: 'Do not shorten ids' },
  quiet: { takes: 'nothing', short: 'q', help: 'Only show image ids' },
  tree: { takes: 'nothing', help: 'Show the platforms of each image as a tree' },
} as const satisfies FlagTable

/** Docker's words for what its tree cannot do either. */
function checkTree(given: Readonly<Record<string, unknown>>): void {
  const others = {
    quiet: '--quiet',
    'no-trunc': '--no-trunc',
    digests: '--show-digest',
    format: '--format',
    json: '--json',
  }
  for (const [flag, name] of Object.entries(others)) {
    if (given[flag]) throw new StateError(`${name} is not yet supported with --tree`)
  }
}

/** docker's `--format raw`. */
const rawFormat = (digests: boolean): string =>
  `repository: {{.Repository}}\ntag: {{.Tag}}\n${digests ? 'digest: {{.Digest}}\n' : ''}image_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n`

export const images = defineCommand({
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  summary: 'List images',
  examples: [
    'tinyctr images --filter dangling=true -q',
    "tinyctr images --format '{{.Repository}}: {{.Size}}'",
  ],
  flags,
  least: 0,
  most: 1,
  execute: list,
})

/** `images ls` asks for images named "ls"; docker's list of what people mean by that. */
const isVerb = (word: string | undefined): boolean =>
  /^(?:build|history|import|inspect|list|load|ls|prune|pull|push|rm|save|tag)$/.test(word ?? '')

async function list({
  flags: given,
  positionals: [pattern],
  folders,
}: Invocation<typeof flags>): Promise<number> {
  const { digests = false, 'no-trunc': whole = false, quiet = false, filter = [], tree = false } = given
  if (tree) checkTree(given)
  const store = new ImageStore(folders.dataRoot)
  try {
    const filters = pattern === undefined ? filter : [...filter, ['reference', pattern] as const]
    const shown = listImages(await store.images(), await readImageFilter(filters, listFilters, store))
    if (shown.length === 0 && isVerb(pattern)) {
      printError(`\nNo images found matching "${pattern}": did you mean "tinyctr image ${pattern}"?`)
    }
    if (tree) {
      const used = new Set(imageUsers(folders.dataRoot).map(({ image }) => image))
      print(await imageTree(store, shown, used))
      return 0
    }
    const rows = shown.flatMap((one) =>
      imageRows(one, { whole, digest: digests || mentions(given.format ?? '', 'Digest') }),
    )
    if (quiet) {
      for (const id of new Set(rows.map((row) => imageShape.columns.ID!.of(row)))) print(`${id}`)
      return 0
    }
    const format = given.json ? 'json' : (given.format ?? 'table')
    const known: Record<string, string> = { table: tableFormat(digests), raw: rawFormat(digests) }
    const text = renderRows(known[format] ?? format, rows, imageShape)
    if (text !== '') print(text)
    return 0
  } finally {
    store.close()
  }
}

/** A name by digest is not shown beside a tag of the same repository for the same digest: the tag's row has it. */
export function imageRows(
  { image, names }: ShownImage,
  shown: Pick<ImageRow, 'whole' | 'digest'>,
): ImageRow[] {
  if (names.length === 0) return [{ image, name: undefined, repository: none, tag: none, ...shown }]
  const rows = names.map((name): ImageRow => {
    const [repository, tag] = columnsOf(name.reference)
    return { image, name, repository, tag, ...shown }
  })
  const isTwin = ({ repository, name }: ImageRow): boolean =>
    rows.some(
      (other) =>
        other.tag !== none &&
        other.repository === repository &&
        other.name!.target.digest === name!.target.digest,
    )
  return rows.filter((row) => row.tag !== none || !isTwin(row))
}
