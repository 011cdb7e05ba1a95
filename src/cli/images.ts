/** `tinyctr images`: Docker's table. */
import { RegistryError } from '../errors.ts'
import { fullReference, parseReference, repositoryName } from '../image/reference.ts'
import { chooseManifest, readImage } from '../image/store/resolve-image.ts'
import { type ImageEntry, ImageStore } from '../image/store.ts'
import { defineCommand } from './command.ts'
import type { FlagTable } from './flag.ts'
import type { Invocation } from './invocation.ts'
import { print } from './output.ts'
import { formatBytes } from './progress.ts'
import { columnsOf, isNameless } from './stored-name.ts'
import { formatAge, formatTable } from './table.ts'

interface Row {
  entry: ImageEntry
  id: string
  /** Milliseconds since 1970; absent where the image does not say. */
  created?: number
  bytes: number
}

async function describe(store: ImageStore, entry: ImageEntry): Promise<Row> {
  try {
    const manifest = await chooseManifest(store.content, entry.target, entry.reference)
    const { config, layers, document } = await readImage(store.content, manifest)
    const created = Date.parse(document.created ?? '')
    const bytes = layers.reduce((sum, layer) => sum + layer.size, 0)
    return { entry, id: config.digest, bytes, ...(!Number.isNaN(created) && { created }) }
  } catch (error) {
    // One damaged image must not hide the others.
    if (!(error instanceof RegistryError)) throw error
    return { entry, id: entry.target.digest, bytes: 0 }
  }
}

/** `alpine` means every tag of it, `alpine:3.20` that one. */
function matches(wanted: string | undefined, reference: string): boolean {
  if (wanted === undefined) return true
  if (isNameless(reference)) return false
  const asked = parseReference(wanted)
  const named = wanted.includes('@') || /:[^/]*$/.test(wanted)
  return named
    ? fullReference(asked) === reference
    : repositoryName(asked) === repositoryName(parseReference(reference))
}

const flags = {
  digests: { takes: 'nothing', help: 'Show digests' },
  'no-trunc': { takes: 'nothing', help: 'Do not shorten ids' },
  quiet: { takes: 'nothing', short: 'q', help: 'Only show image ids' },
} as const satisfies FlagTable

export const images = defineCommand({
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  summary: 'List images',
  flags,
  least: 0,
  most: 1,
  execute: list,
})

async function list({
  flags: { digests = false, 'no-trunc': whole = false, quiet = false },
  positionals: [wanted],
  folders,
}: Invocation<typeof flags>): Promise<number> {
  const store = new ImageStore(folders.dataRoot)
  try {
    const rows: Row[] = []
    for (const entry of store.images()) {
      if (matches(wanted, entry.reference)) rows.push(await describe(store, entry))
    }
    rows.sort((a, b) => (b.created ?? 0) - (a.created ?? 0))
    const idOf = ({ id }: Row): string => (whole ? id : id.replace(/^\w+:/, '').slice(0, 12))
    if (quiet) {
      if (rows.length > 0) print([...new Set(rows.map(idOf))].join('\n'))
      return 0
    }
    const cells = (row: Row): string[] => [
      ...columnsOf(row.entry.reference),
      ...(digests ? [row.entry.target.digest] : []),
      idOf(row),
      row.created === undefined ? 'N/A' : formatAge(row.created, Date.now()),
      formatBytes(row.bytes),
    ]
    const head = ['REPOSITORY', 'TAG', ...(digests ? ['DIGEST'] : []), 'IMAGE ID', 'CREATED', 'SIZE']
    print(formatTable([head, ...rows.map(cells)]))
    return 0
  } finally {
    store.close()
  }
}
