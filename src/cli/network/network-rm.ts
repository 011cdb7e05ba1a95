/** `tinyctr network rm`. */
import { recordEvent } from '../../engine/events/event-log.ts'
import { networkInfo, removeNetwork } from '../../engine/network/networks.ts'
import { StateError } from '../../errors.ts'
import { defineCommand } from '../command.ts'
import { describeFailure } from '../failure.ts'
import { print, printError } from '../screen/output.ts'
import type { StateFolders } from '../state-folders.ts'

export const networkRm = defineCommand({
  usage: '[OPTIONS] NETWORK [NETWORK...]',
  summary: 'Remove one or more networks',
  flags: { force: { takes: 'nothing', short: 'f', help: 'No error for a network that is not there' } },
  least: 1,
  async execute({ flags: { force = false }, positionals, folders }) {
    let failures = 0
    for (const name of positionals) {
      try {
        if (removeOne(folders, name, force)) print(name)
      } catch (error) {
        failures++
        printError(describeFailure(error, 'network rm', false))
      }
    }
    return failures > 0 ? 1 : 0
  },
})

function removeOne(folders: StateFolders, name: string, force: boolean): boolean {
  try {
    networkInfo(folders.dataRoot, name)
  } catch (error) {
    if (force && error instanceof StateError) return false
    throw error
  }
  const { id, driver } = removeNetwork(folders, name)
  recordEvent(folders.dataRoot, {
    type: 'network',
    action: 'destroy',
    id,
    attributes: { name, type: driver },
  })
  return true
}
