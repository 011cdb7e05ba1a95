/** Copies between two trees by the rules of cp(1) and `docker cp`: a tar is read on one side and written on the other. */
import { StateError } from '../../errors.ts'
import type { Limits } from '../../image/layer/limits.ts'
import { TarReader } from '../../image/layer/tar-reader.ts'
import { O } from '../../linux/abi/arch.ts'
import { call } from '../../linux/call.ts'
import type { Tree } from './container-root.ts'
import { type Found, findPath } from './find-path.ts'
import { tarOf } from './tar-of.ts'
import { TreeWriter, type TreeWriterOptions } from './tree-writer.ts'

export interface End {
  readonly tree: Tree
  /** As it was typed: a slash or `/.` at its end means something. */
  readonly typed: string
  /** What to say where nothing is there. */
  missing(): StateError
}

export interface CopyOptions {
  readonly follow: boolean
  readonly owner: TreeWriterOptions['owner']
}

const contentsOnly = (typed: string): boolean => /(?:^|\/)\.$/.test(typed)
const asFolder = (typed: string): boolean => typed.endsWith('/') || contentsOnly(typed)

/** A source's name in the tar and at the destination: the last component of what was typed. */
export function baseName(typed: string): string {
  const name =
    typed
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .at(-1) ?? ''
  return name === '..' ? '' : name
}

/** @returns how many bytes the tar had. @throws StateError with Docker's words */
export function copyPath(from: End, to: End, { follow, owner }: CopyOptions): number {
  const source = findSource(from, follow)
  try {
    const isFolder = source.kind === 'directory'
    const contents = isFolder && contentsOnly(from.typed)
    const place = destination(to, isFolder, contents ? '' : baseName(from.typed))
    try {
      return pipe(tarOf(source, place.name), new TreeWriter(place.folder, { owner }))
    } finally {
      call('close', [place.folder])
    }
  } finally {
    call('close', [source.parent!])
  }
}

/** The tar of what is there, for standard output. */
export function* readPath(from: End, follow: boolean): Generator<Uint8Array> {
  const source = findSource(from, follow)
  try {
    yield* tarOf(source, contentsOnly(from.typed) ? '' : baseName(from.typed))
  } finally {
    call('close', [source.parent!])
  }
}

/** A tar from standard input, into a folder that is there. */
export async function writePath(
  tar: AsyncIterable<Uint8Array>,
  to: End,
  owner: TreeWriterOptions['owner'],
): Promise<void> {
  const folder = openDestination(to)
  if (folder === undefined) throw to.missing()
  try {
    const writer = new TreeWriter(folder, { owner })
    const reader = new TarReader(writer, noLimits)
    for await (const piece of tar) reader.push(piece)
    reader.end()
    writer.end()
  } finally {
    call('close', [folder])
  }
}

function findSource(from: End, follow: boolean): Found & { readonly parent: number } {
  const source = findPath(from.tree, follow)
  if (source.kind === 'missing' || source.parent === undefined) {
    if (source.parent !== undefined) call('close', [source.parent])
    throw from.missing()
  }
  if (source.kind !== 'directory' && asFolder(from.typed)) {
    call('close', [source.parent])
    throw new StateError(`extraction point is not a directory: ${from.typed}`)
  }
  return { ...source, parent: source.parent }
}

/** The folder to write into, and the name that the source gets there; empty: the folder itself takes its contents. */
function destination(to: End, sourceIsFolder: boolean, base: string): { folder: number; name: string } {
  const found = findPath(to.tree, true)
  if (found.parent === undefined) throw to.missing()
  if (found.kind === 'directory') {
    const folder = call('openat', [
      found.parent,
      found.name,
      O.PATH | O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC,
      0,
    ])
    call('close', [found.parent])
    return { folder, name: base }
  }
  if (found.kind === 'missing') {
    if (!sourceIsFolder && asFolder(to.typed)) {
      call('close', [found.parent])
      throw new StateError('destination directory must exist')
    }
  } else if (sourceIsFolder || asFolder(to.typed)) {
    call('close', [found.parent])
    throw new StateError(sourceIsFolder ? 'cannot copy directory' : `not a directory: ${to.typed}`)
  }
  return { folder: found.parent, name: found.name }
}

function openDestination(to: End): number | undefined {
  const found = findPath(to.tree, true)
  if (found.parent === undefined) return undefined
  try {
    if (found.kind === 'missing') return undefined
    if (found.kind !== 'directory') throw new StateError(`destination "${to.typed}" must be a directory`)
    return call('openat', [found.parent, found.name, O.PATH | O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC, 0])
  } finally {
    call('close', [found.parent])
  }
}

/** It is the user's own disk. */
const noLimits: Limits = {
  bytes: Number.MAX_SAFE_INTEGER,
  entries: Number.MAX_SAFE_INTEGER,
  extensionBytes: 1024 * 1024,
}

function pipe(tar: Iterable<Uint8Array>, writer: TreeWriter): number {
  const reader = new TarReader(writer, noLimits)
  let bytes = 0
  for (const piece of tar) {
    bytes += piece.length
    reader.push(piece)
  }
  reader.end()
  writer.end()
  return bytes
}
