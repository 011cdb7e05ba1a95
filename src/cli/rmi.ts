/** `tinyctr rmi`: each image for itself; one that fails does not keep the others. */
import { RegistryError } from '../errors.ts'
import { ImageStore } from '../image/store.ts'
import { defineCommand } from './command.ts'
import { describeFailure } from './failure.ts'
import { print, printError } from './output.ts'
import { familiar, storedReferences } from './stored-name.ts'

export const rmi = defineCommand({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  summary: 'Remove one or more images',
  flags: {
    force: { takes: 'nothing', short: 'f', help: 'No error for an image that is not there' },
  },
  least: 1,
  completes: 'images',
  execute: ({ flags: { force = false }, positionals, folders }) =>
    removeEach(positionals, force, folders.dataRoot),
})

async function removeEach(names: readonly string[], force: boolean, dataRoot: string): Promise<number> {
  const store = new ImageStore(dataRoot)
  let failures = 0
  try {
    for (const name of names) {
      try {
        const references = storedReferences(store, name)
        if (references.length === 0 && !force) throw new RegistryError(`Cannot remove ${name}: No such image`)
        for (const reference of references) {
          await store.remove(reference)
          print(`Untagged: ${familiar(reference)}`)
        }
      } catch (error) {
        failures++
        printError(describeFailure(error, 'rmi', false))
      }
    }
  } finally {
    store.close()
  }
  return failures > 0 ? 1 : 0
}
