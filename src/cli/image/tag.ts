/** `tinyctr tag`: another name for an image. The name's former image keeps its id. */
import { recordImageEvent } from '../../engine/events/record-event-of.ts'
import { RegistryError, StateError } from '../../errors.ts'
import { fullReference, parseReference } from '../../image/reference.ts'
import { ImageStore } from '../../image/store.ts'
import { defineCommand } from '../command.ts'
import { familiar } from './stored-name.ts'

export const tag = defineCommand({
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  summary: 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE',
  flags: {},
  least: 2,
  most: 2,
  async execute({ positionals: [source = '', target = ''], folders: { dataRoot } }) {
    const reference = targetReference(target)
    const store = new ImageStore(dataRoot)
    try {
      const { image, entry } = await store.find(source)
      await store.content.tag(reference, (entry ?? image.entries[0]!).target)
      recordImageEvent(dataRoot, 'tag', image.id, familiar(reference))
    } finally {
      store.close()
    }
    return 0
  },
})

/** The full reference of a name for an image. @throws StateError with Docker's words */
export function targetReference(name: string): string {
  try {
    const reference = parseReference(name)
    if (reference.digest !== undefined)
      throw new StateError('refusing to create a tag with a digest reference')
    if (reference.domain === 'docker.io' && reference.path === 'library/sha256') {
      throw new StateError('refusing to create an ambiguous tag using digest algorithm as name')
    }
    return fullReference(reference)
  } catch (cause) {
    if (!(cause instanceof RegistryError)) throw cause
    throw new StateError(
      `Error parsing reference: ${JSON.stringify(name)} is not a valid repository/tag: invalid reference format`,
      {
        cause,
      },
    )
  }
}
