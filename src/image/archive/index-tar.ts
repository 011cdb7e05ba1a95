/** Where each file of an archive's tar lies, so that nothing but its layers is ever unpacked. */
import { posix } from 'node:path'
import { RegistryError } from '../../errors.ts'
import { defaultLimits } from '../layer/limits.ts'
import type { TarEntry } from '../layer/tar-entry.ts'
import { TarReader, type TarSink } from '../layer/tar-reader.ts'

export type TarIndex = Map<string, { offset: number; size: number }>

/** An image of 500 layers has 1,500 files in docker's oldest format. */
const limits = { ...defaultLimits, entries: 100_000 }

const nameOf = (bytes: Uint8Array): string => posix.join('.', Buffer.from(bytes).toString('utf8'))

/** Reads a tar to its end. `onChunk` sees every byte before it is parsed. */
export async function indexTar(
  source: AsyncIterable<Uint8Array>,
  onChunk: (chunk: Uint8Array) => void = () => {},
): Promise<TarIndex> {
  const index: TarIndex = new Map()
  const links = new Map<string, string>()
  const sink: TarSink = {
    entry(entry: TarEntry) {
      const name = nameOf(entry.path)
      if (entry.kind === 'file') {
        if (entry.sparse)
          throw new RegistryError(`Cannot load the image: the file ${JSON.stringify(name)} is sparse`)
        index.set(name, { offset: reader.offset, size: entry.size })
      }
      // docker before 25 stores equal layers once: the others are symlinks to it.
      if (entry.kind === 'symlink') links.set(name, posix.join(posix.dirname(name), nameOf(entry.linkTarget)))
      if (entry.kind === 'hardlink') links.set(name, nameOf(entry.linkTarget))
    },
    data() {},
    done() {},
  }
  const reader = new TarReader(sink, limits)
  for await (const chunk of source) {
    onChunk(chunk)
    reader.push(chunk)
  }
  reader.end()
  for (const [name, first] of links) {
    let target = first
    for (let hops = 0; hops < 8 && links.has(target); hops++) target = links.get(target)!
    const place = index.get(target)
    if (place !== undefined) index.set(name, place)
  }
  return index
}
