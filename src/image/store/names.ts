/**
 * What the store calls its images: index.json, which other tools read too, and beside it what `run` reads (refs/) and
 * what lists read (summaries.json). All three change under index.lock.
 *
 * An image that lost its last name keeps one that nobody types: the digest it had. That is what docker calls dangling.
 */
import type { Descriptor } from '../content.ts'
import { type ImageSnapshot, lookupImage } from '../snapshot.ts'
import { makeFolder, modifiedAt, removeFile, replaceFile, whileLocked } from './files.ts'
import { changeIndex, named, readIndex, referenceOf } from './image-index.ts'
import { referencePath } from './layout.ts'
import { type ImageSummary, readSummaries, type Summaries, writeSummaries } from './summary.ts'
import type { Workspace } from './workspace.ts'

export interface ImageEntry {
  /** A full reference, or a digest. */
  readonly reference: string
  readonly target: Descriptor
}

/** An image without a name is stored under the digest of its manifest. */
export const isNameless = (reference: string): boolean => /^sha(?:256|512):/.test(reference)

export const readNames = (root: string): ImageEntry[] =>
  readIndex(root).flatMap((target) => {
    const reference = referenceOf(target)
    return reference === undefined ? [] : [{ reference, target }]
  })

/** What is written for a name. */
export interface NamedImage {
  readonly target: Descriptor
  /** Absent: its layers are not unpacked, and `run` cannot have it. */
  readonly snapshot: ImageSnapshot | undefined
  readonly summary: ImageSummary
}

/** Points `reference` at an image. The one it pointed at before stays, nameless if this was its last name. */
export function setName(root: string, workspace: Workspace, reference: string, image: NamedImage): void {
  const { target, snapshot, summary } = image
  changeIndex(root, workspace, (entries) => {
    const before = entries.find((entry) => referenceOf(entry) === reference)
    const nameless = isNameless(reference) ? undefined : target.digest
    const others = entries.filter(
      (entry) => referenceOf(entry) !== reference && referenceOf(entry) !== nameless,
    )
    const isLost =
      before !== undefined &&
      before.digest !== target.digest &&
      !others.some(({ digest }) => digest === before.digest)
    const lost = isLost ? keepNameless(root, workspace, reference, before, summary.id) : []
    writeSnapshot(root, workspace, reference, snapshot)
    if (nameless !== undefined) removeFile(referencePath(root, nameless))
    const next = [...others, ...lost, named(reference, target)]
    rememberSummary(root, workspace, target.digest, summary)
    return next
  })
}

/** @returns the entry, unless it is the same image (another index or manifest of it) that takes the name. */
function keepNameless(
  root: string,
  workspace: Workspace,
  reference: string,
  before: Descriptor,
  newId: string,
): Descriptor[] {
  const snapshot = lookupImage(root, reference)
  if (snapshot?.id === newId) return []
  if (snapshot !== undefined) {
    const layerDirectories = snapshot.layerDirectories.map((path) => path.slice(root.length + 1))
    writeSnapshot(root, workspace, before.digest, {
      ...snapshot,
      reference: before.digest,
      layerDirectories,
    })
  }
  return [named(before.digest, before)]
}

function writeSnapshot(
  root: string,
  workspace: Workspace,
  reference: string,
  snapshot: ImageSnapshot | undefined,
): void {
  const path = referencePath(root, reference)
  if (snapshot === undefined) {
    removeFile(path)
    return
  }
  makeFolder(path.slice(0, path.lastIndexOf('/')))
  replaceFile(path, JSON.stringify(snapshot), `${workspace.path}/reference.json`)
}

function rememberSummary(root: string, workspace: Workspace, digest: string, summary: ImageSummary): void {
  const summaries = readSummaries(root)
  if (JSON.stringify(summaries[digest]) === JSON.stringify(summary)) return
  writeSummaries(root, workspace.path, { ...summaries, [digest]: summary })
}

/** When one of them was last given, in nanoseconds since the epoch: the time of its file. 0n where none says. */
export function lastTagged(root: string, names: readonly ImageEntry[]): bigint {
  let last = 0n
  for (const { reference } of names) {
    const at = modifiedAt(referencePath(root, reference))
    if (at !== undefined && at > last) last = at
  }
  return last
}

/** Keeps what was read from blobs, for the next time. */
export function rememberSummaries(root: string, workspace: () => Workspace, found: Summaries): void {
  if (Object.keys(found).length === 0) return
  const { path } = workspace()
  whileLocked(`${root}/index.lock`, () => writeSummaries(root, path, { ...readSummaries(root), ...found }))
}

/** Takes names away; what they named is not touched. */
export function dropNames(root: string, workspace: Workspace, references: ReadonlySet<string>): void {
  for (const reference of references) removeFile(referencePath(root, reference))
  changeIndex(root, workspace, (entries) => {
    const left = entries.filter((entry) => !references.has(referenceOf(entry) ?? ''))
    const digests = new Set(left.map(({ digest }) => digest))
    const summaries = Object.entries(readSummaries(root)).filter(([digest]) => digests.has(digest))
    writeSummaries(root, workspace.path, Object.fromEntries(summaries))
    return left
  })
}
