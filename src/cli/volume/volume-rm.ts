/** `tinyctr volume rm`. */
import { recordEvent } from '../../engine/events/event-log.ts'
import { findVolume, readVolume, removeVolume } from '../../engine/volume/volume.ts'
import { volumeUsers } from '../../engine/volume/volume-users.ts'
import { StateError } from '../../errors.ts'
import { defineCommand } from '../command.ts'
import { describeFailure } from '../failure.ts'
import { print, printError } from '../screen/output.ts'

export const volumeRm = defineCommand({
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  summary: 'Remove one or more volumes',
  flags: { force: { takes: 'nothing', short: 'f', help: 'No error for a volume that is not there' } },
  least: 1,
  completes: 'volumes',
  async execute({ flags: { force = false }, positionals, folders: { dataRoot } }) {
    const users = volumeUsers(dataRoot)
    let failures = 0
    for (const name of positionals) {
      try {
        removeOne(dataRoot, name, force, users)
        print(name)
      } catch (error) {
        failures++
        printError(describeFailure(error, 'volume rm', false))
      }
    }
    return failures > 0 ? 1 : 0
  },
})

function removeOne(
  dataRoot: string,
  name: string,
  force: boolean,
  users: ReadonlyMap<string, string[]>,
): void {
  if (force && readVolume(dataRoot, name) === undefined) return
  findVolume(dataRoot, name)
  const ids = users.get(name)
  if (ids) throw new StateError(`remove ${name}: volume is in use - [${ids.join(', ')}]`)
  removeVolume(dataRoot, name)
  recordEvent(dataRoot, { type: 'volume', action: 'destroy', id: name, attributes: { driver: 'local' } })
}
