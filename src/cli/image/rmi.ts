/** `tinyctr rmi`: each image for itself; one that fails does not keep the others. */
import { imageUsers } from '../../engine/image/image-users.ts'
import { removeImage } from '../../engine/image/remove-image.ts'
import { isNoSuchImage } from '../../image/store/catalog.ts'
import { ImageStore } from '../../image/store.ts'
import { defineCommand } from '../command.ts'
import { describeFailure } from '../failure.ts'
import { print, printError } from '../screen/output.ts'
import type { StateFolders } from '../state-folders.ts'

export const rmi = defineCommand({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  summary: 'Remove one or more images',
  flags: {
    force: { takes: 'nothing', short: 'f', help: 'Also where a stopped container or another name needs it' },
    'no-prune': { takes: 'nothing', help: 'Keep untagged parents (images here have none)' },
  },
  least: 1,
  completes: 'images',
  mapped: true,
  execute: ({ flags: { force = false }, positionals, folders }) => removeEach(positionals, force, folders),
})

async function removeEach(names: readonly string[], force: boolean, folders: StateFolders): Promise<number> {
  const store = new ImageStore(folders.dataRoot)
  let failed = false
  try {
    for (const name of names) {
      try {
        const removed = await removeImage(store, name, { force, users: () => imageUsers(folders.dataRoot) })
        for (const reference of removed.untagged) print(`Untagged: ${reference}`)
        for (const digest of removed.deleted) print(`Deleted: ${digest}`)
      } catch (error) {
        // Docker's -f: what is not there is told, and is no failure.
        failed ||= !(force && isNoSuchImage(error))
        printError(describeFailure(error, 'rmi', false))
      }
    }
  } finally {
    store.close()
  }
  return failed ? 1 : 0
}
