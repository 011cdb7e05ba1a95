/** `tinyctr push`: Docker's lines; a blob that the registry has in another repository is not sent again. */
import { recordImageEvent } from '../../engine/events/record-event-of.ts'
import { UsageError } from '../../errors.ts'
import type { Descriptor } from '../../image/content.ts'
import { parsePlatform } from '../../image/platform.ts'
import { partialNote, pushImage } from '../../image/push.ts'
import {
  familiarName,
  familiarReference,
  hasTagOrDigest,
  parseReference,
  type Reference,
  repositoryName,
} from '../../image/reference.ts'
import { isNameless } from '../../image/store/names.ts'
import { reachable } from '../../image/store/resolve-image.ts'
import { ImageStore } from '../../image/store.ts'
import { defineCommand } from '../command.ts'
import { runFlags } from '../run/run-flags.ts'
import { interruptible } from '../screen/interruptible.ts'
import { print, printError, screenOf } from '../screen/output.ts'
import { displayPull } from './progress.ts'
import { progressFlag } from './progress-flag.ts'

const named = (store: ImageStore): { reference: Reference; target: Descriptor }[] =>
  store
    .names()
    .filter(({ reference }) => !isNameless(reference))
    .map(({ reference, target }) => ({ reference: parseReference(reference), target }))

/** Which other repository of the same registry we have a blob from, or brought it to. */
async function holders(store: ImageStore, { domain, path }: Reference): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const { reference, target } of named(store)) {
    if (reference.domain !== domain || reference.path === path) continue
    const { blobs } = await reachable(store.content, target)
    for (const digest of blobs) found.set(digest, reference.path)
  }
  return found
}

/** @throws UsageError, RegistryError when the repository has no tags here */
function everyTag(store: ImageStore, name: string): Reference[] {
  if (hasTagOrDigest(name)) throw new UsageError("tag can't be used with --all-tags/-a")
  const repository = repositoryName(parseReference(name))
  const tagged = named(store).map(({ reference }) => reference)
  const references = tagged.filter((each) => repositoryName(each) === repository && each.tag !== undefined)
  if (references.length > 0) return references
  throw new Error(`Cannot push ${name}: An image does not exist locally with the tag: ${name}`)
}

export const push = defineCommand({
  usage: '[OPTIONS] NAME[:TAG]',
  summary: 'Upload an image to a registry',
  examples: ['tinyctr tag alpine registry.example/team/alpine', 'tinyctr push registry.example/team/alpine'],
  flags: {
    'all-tags': { takes: 'nothing', short: 'a', help: 'Push all tags of an image to the repository' },
    platform: runFlags.platform,
    progress: progressFlag,
    quiet: { takes: 'nothing', short: 'q', help: 'Print only the name of the image' },
  },
  least: 1,
  most: 1,
  async execute({ flags, positionals: [name = ''], folders: { dataRoot } }) {
    const { 'all-tags': all = false, platform, progress: form = 'auto', quiet = false } = flags
    const wanted = platform === undefined ? undefined : parsePlatform(platform)
    const store = new ImageStore(dataRoot)
    const display = displayPull(screenOf(process.stdout), { quiet, form })
    const isTold = !quiet && form !== 'json'
    try {
      const references = all ? everyTag(store, name) : [parseReference(name)]
      if (isTold && !all && !hasTagOrDigest(name)) print('Using default tag: latest')
      await interruptible(async (signal) => {
        for (const reference of references) {
          const known = await holders(store, reference)
          await pushImage(reference, {
            store: store.content,
            platform: wanted,
            heldBy: (digest) => known.get(digest),
            onPartial: (only) => printError(partialNote(only)),
            progress: display.show,
            signal,
          })
          recordImageEvent(dataRoot, 'push', familiarReference(reference), familiarName(reference))
          if (quiet) print(familiarReference(reference))
        }
      })
    } finally {
      display.close()
      store.close()
    }
    return 0
  },
})
