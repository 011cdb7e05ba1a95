/** `tinyctr volume create`. */

import { parseLabel } from '../../engine/config/env-file.ts'
import { recordEvent } from '../../engine/events/event-log.ts'
import { createVolume, readVolume } from '../../engine/volume/volume.ts'
import { checkedOptions } from '../../engine/volume/volume-options.ts'
import { StateError, UsageError } from '../../errors.ts'
import { randomId } from '../../runtime/container-id.ts'
import { defineCommand } from '../command.ts'
import { print } from '../screen/output.ts'

export const volumeCreate = defineCommand({
  usage: '[OPTIONS] [VOLUME]',
  summary: 'Create a volume',
  examples: ['tinyctr volume create --label app=shop data'],
  flags: {
    driver: { takes: 'one', short: 'd', value: 'DRIVER', help: 'Volume driver: local' },
    label: { takes: 'many', value: 'KEY[=VALUE]', parse: parseLabel, help: 'Set metadata for a volume' },
    name: { takes: 'one', value: 'NAME', hidden: true, help: 'Name of the volume' },
    opt: { takes: 'many', short: 'o', value: 'KEY=VALUE', parse: parseLabel, help: 'Set driver options' },
  },
  least: 0,
  most: 1,
  async execute({ flags: { driver = 'local', label = [], name, opt = [] }, positionals: [typed], folders }) {
    if (name !== undefined && typed !== undefined) {
      throw new UsageError(
        'conflicting options: cannot specify a volume-name through both --name and as a positional arg',
      )
    }
    if (driver !== 'local') {
      throw new StateError(
        `create ${typed ?? name ?? ''}: error looking up volume plugin ${driver}: plugin "${driver}" not found`,
      )
    }
    const wanted = typed ?? name ?? ''
    const options = checkedOptions(wanted, Object.fromEntries(opt))
    const isNew = wanted === '' || readVolume(folders.dataRoot, wanted) === undefined
    const volume = createVolume(folders.dataRoot, {
      name: wanted === '' ? randomId() : wanted,
      labels: Object.fromEntries(label),
      options,
      anonymous: wanted === '',
    })
    if (isNew)
      recordEvent(folders.dataRoot, {
        type: 'volume',
        action: 'create',
        id: volume.name,
        attributes: { driver },
      })
    print(volume.name)
    return 0
  },
})
