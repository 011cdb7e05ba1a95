/** The layers of a container: how large, and what differs from the image. */
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

export interface Layer {
  readonly path: string
  readonly bytes: number
  readonly files: number
  /** Of the writable one: what differs from the image. */
  readonly changed?: readonly string[]
}

const MOST_CHANGED = 200
/** Those of the image never change, and may have a hundred thousand files. */
const known = new Map<string, Layer>()

export function readLayers([writable, ...image]: readonly string[]): Layer[] {
  if (writable === undefined) return []
  return [
    readLayer(writable, true),
    ...image.map((path) => {
      const layer = known.get(path) ?? readLayer(path, false)
      known.set(path, layer)
      return layer
    }),
  ]
}

function readLayer(path: string, writable: boolean): Layer {
  let names: string[] = []
  try {
    names = readdirSync(path, { recursive: true, encoding: 'utf8' })
  } catch {
    // Not ours to read, or gone.
  }
  let bytes = 0
  const changed: string[] = []
  for (const name of names) {
    const stat = lstatSync(join(path, name), { throwIfNoEntry: false })
    if (!stat) continue
    if (stat.isFile()) bytes += stat.size
    if (writable && changed.length < MOST_CHANGED && !stat.isDirectory())
      changed.push(`${stat.isCharacterDevice() && stat.rdev === 0 ? 'deleted' : 'changed'} /${name}`)
  }
  return { path, bytes, files: names.length, ...(writable ? { changed } : {}) }
}
