/** The image of a run: from the store, pulled when it is missing, or the fixture when there is no network. */

import { UsageError } from '../../errors.ts'
import { fullReference, parseReference } from '../../image/reference.ts'
import type { ImageSnapshot } from '../../image/snapshot.ts'
import { lookupImage } from '../../image/snapshot.ts'
import { spoilPremises } from '../../linux/premises.ts'
import type { RunOptions } from '../run-options.ts'
import { makeStateFolder } from '../state-folder.ts'

/** Shows a pull on the terminal, or says nothing. */
export type PullImage = (name: string, platform: string | undefined) => Promise<unknown>

export interface ImageSource {
  readonly dataRoot: string
  readonly pull: PullImage
  readonly warn: (line: string) => void
}

/** @throws RegistryError, UsageError */
export async function findImage(options: RunOptions, source: ImageSource): Promise<ImageSnapshot> {
  const { image: name, platform } = options
  const byId = options.pull === 'always' ? undefined : await lookupId(source.dataRoot, name)
  if (byId && (platform === undefined || (await isFor(byId, platform)))) return byId
  const reference = fullReference(parseReference(name))
  const known = options.pull === 'always' ? undefined : lookup(source.dataRoot, reference)
  if (known && (platform === undefined || (await isFor(known, platform)))) return known
  if (options.pull === 'never') {
    throw new UsageError(
      `No such image: ${name}${known ? ` for ${platform}` : ''}, and --pull never forbids pulling it`,
    )
  }
  makeStateFolder(source.dataRoot, '--data-root')
  spoilPremises()
  try {
    await source.pull(name, platform)
  } catch (error) {
    const { isUnreachable } = await import('../../image/registry/failure.ts')
    if (!isUnreachable(error) || options.pull === 'always') throw error
    const { loadFixture } = await import('./fixture.ts')
    return await loadFixture(reference, source, error as Error)
  }
  const pulled = lookupImage(source.dataRoot, reference)
  if (!pulled) throw new UsageError(`No such image: ${name}`)
  return pulled
}

function lookup(dataRoot: string, reference: string): ImageSnapshot | undefined {
  try {
    return lookupImage(dataRoot, reference)
  } catch (error) {
    // The better words, where the folder itself is the reason.
    makeStateFolder(dataRoot, '--data-root')
    throw error
  }
}

/** Ids and digests; a name of the same letters goes first, as with docker. */
async function lookupId(dataRoot: string, typed: string): Promise<ImageSnapshot | undefined> {
  if (!/^(?:sha256:)?[a-f0-9]{1,64}$|@/.test(typed)) return undefined
  spoilPremises()
  const { findStored } = await import('../../image/store/find-stored.ts')
  return findStored(dataRoot, typed)
}

async function isFor(image: ImageSnapshot, platform: string): Promise<boolean> {
  const { matchesPlatform, parsePlatform } = await import('../../image/platform.ts')
  return matchesPlatform(image.platform, parsePlatform(platform))
}
