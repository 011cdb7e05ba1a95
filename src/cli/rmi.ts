/** `tinyctr rmi`: each image for itself; one that fails does not keep the others. */
import { RegistryError } from '../errors.ts'
import { ImageStore } from '../image/store.ts'
import type { rmiFlags } from './commands.ts'
import { describeFailure } from './failure.ts'
import type { Invocation } from './invocation.ts'
import { print, printError } from './output.ts'
import { familiar, storedReferences } from './stored-name.ts'

export async function rmi({
  flags: { force = false },
  positionals,
  folders,
}: Invocation<typeof rmiFlags>): Promise<number> {
  const store = new ImageStore(folders.dataRoot)
  let failures = 0
  try {
    for (const name of positionals) {
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
