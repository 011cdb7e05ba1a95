/** An image by its id or by a digest, for `run`: nothing is opened, locked or made. */
import { type ImageSnapshot, lookupImage } from '../snapshot.ts'
import { findListed, groupById } from './catalog.ts'
import { readNames } from './names.ts'
import { readSummaries } from './summary.ts'

/** @throws RegistryError when several ids begin like this */
export function findStored(dataRoot: string, typed: string): ImageSnapshot | undefined {
  const summaries = readSummaries(dataRoot)
  const entries = readNames(dataRoot).flatMap((entry) => {
    const summary = summaries[entry.target.digest]
    return summary === undefined ? [] : [{ ...entry, summary }]
  })
  const found = findListed(groupById(entries), typed)
  const entry = found?.entry ?? found?.image.entries[0]
  return entry && lookupImage(dataRoot, entry.reference)
}
