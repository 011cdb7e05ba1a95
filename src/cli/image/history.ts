/** `tinyctr history`: what made an image, the newest step first. */

import type { StoredImage } from '../../image/store/resolve-image.ts'
import { ImageStore } from '../../image/store.ts'
import { defineCommand } from '../command.ts'
import type { FlagTable } from '../flag.ts'
import { type RowShape, renderRows } from '../format/rows.ts'
import { ellipsis, humanSize } from '../format/units.ts'
import type { Invocation } from '../invocation.ts'
import { print } from '../screen/output.ts'
import { formatAge } from './images.ts'
import { shortId } from './stored-name.ts'

interface Step {
  readonly id: string
  readonly created: string | undefined
  readonly createdBy: string
  readonly comment: string
  readonly bytes: number
}

/** Layers and steps are matched in order; a step without a layer changed only the config (image-spec config.md). */
function stepsOf(image: StoredImage, bytesOf: (chainId: string) => number): Step[] {
  const { history = [] } = image.document
  let layer = 0
  const steps = history.map((entry, at): Step => {
    const chainId = entry.empty_layer === true ? undefined : image.chain[layer++]
    return {
      id: at === history.length - 1 ? image.config.digest : '<missing>',
      created: entry.created,
      createdBy: entry.created_by ?? '',
      comment: entry.comment ?? '',
      bytes: chainId === undefined ? 0 : bytesOf(chainId),
    }
  })
  return steps.reverse()
}

const shapeOf = (human: boolean, whole: boolean): RowShape<Step> => ({
  type: '*formatter.historyContext',
  columns: {
    Comment: { header: 'COMMENT', of: ({ comment }) => comment },
    CreatedAt: { header: 'CREATED AT', of: ({ created }) => timeOf(created) },
    CreatedBy: {
      header: 'CREATED BY',
      of({ createdBy }) {
        const line = createdBy.replaceAll('\t', ' ')
        return whole ? line : ellipsis(line, 45)
      },
    },
    CreatedSince: {
      header: 'CREATED',
      of: ({ created }) => (human ? formatAge(millisecondsOf(created)) : timeOf(created)),
    },
    ID: { header: 'IMAGE', of: ({ id }) => (whole || id === '<missing>' ? id : shortId(id)) },
    Size: { header: 'SIZE', of: ({ bytes }) => (human ? humanSize(bytes, 3) : String(bytes)) },
  },
})

function millisecondsOf(created: string | undefined): number | undefined {
  const at = Date.parse(created ?? '')
  return Number.isNaN(at) || at <= 0 ? undefined : at
}

/** RFC 3339 in whole seconds, in the local zone. */
function timeOf(created: string | undefined): string {
  const at = millisecondsOf(created)
  if (at === undefined) return ''
  const offset = -new Date(at).getTimezoneOffset()
  const local = new Date(at + offset * 60_000).toISOString().slice(0, 19)
  if (offset === 0) return `${local}Z`
  const two = (value: number): string => String(Math.trunc(Math.abs(value))).padStart(2, '0')
  return `${local}${offset < 0 ? '-' : '+'}${two(offset / 60)}:${two(offset % 60)}`
}

const flags = {
  format: { takes: 'one', value: 'TEMPLATE', help: 'table, table TEMPLATE, json or a Go template' },
  human: {
    takes: 'nothing',
    short: 'H',
    help: 'Sizes and dates for people (the default; --human=false: not)',
  },
  'no-trunc': { takes: 'nothing', help: 'Do not shorten ids and commands' },
  quiet: { takes: 'nothing', short: 'q', help: 'Only show image ids' },
} as const satisfies FlagTable

export const history = defineCommand({
  usage: '[OPTIONS] IMAGE',
  summary: 'Show the history of an image',
  flags,
  least: 1,
  most: 1,
  execute: show,
})

async function show({
  flags: given,
  positionals: [name = ''],
  folders,
}: Invocation<typeof flags>): Promise<number> {
  const { human = true, 'no-trunc': whole = false, quiet = false, format = 'table' } = given
  const store = new ImageStore(folders.dataRoot)
  try {
    const { image, entry } = await store.find(name)
    const stored = await store.read(entry ?? image.entries[0]!)
    const steps = stepsOf(stored, (chainId) => store.layers.bytes(chainId))
    const shape = shapeOf(human, whole)
    if (quiet) {
      for (const step of steps) print(String(shape.columns.ID!.of(step)))
      return 0
    }
    const created = human ? '{{.CreatedSince}}' : '{{.CreatedAt}}'
    const table = `table {{.ID}}\t${created}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}`
    const text = renderRows(format === 'table' ? table : format, steps, shape)
    if (text !== '') print(text)
    return 0
  } finally {
    store.close()
  }
}
