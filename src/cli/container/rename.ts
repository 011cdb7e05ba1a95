/** `tinyctr rename`. */

import { findContainer } from '../../engine/container/list.ts'
import { nameTaken, renameContainer } from '../../engine/container/names.ts'
import { recordContainerEvent } from '../../engine/events/record-event-of.ts'
import { parseContainerName } from '../../engine/network/network-name.ts'
import { renameEndpoints } from '../../engine/network/rename-endpoints.ts'
import { StateError } from '../../errors.ts'
import { defineCommand } from '../command.ts'

export const rename = defineCommand({
  usage: 'CONTAINER NEW_NAME',
  summary: 'Rename a container',
  flags: {},
  least: 2,
  most: 2,
  completes: 'containers',
  async execute({ positionals: [word = '', wanted = ''], folders: { root, dataRoot } }) {
    const container = findContainer(dataRoot, word)
    const { name } = container
    const to = parseContainerName(wanted.replace(/^\//, ''))
    if (to === name) throw new StateError('Renaming a container with the same name as its current name')
    const holder = renameContainer(dataRoot, name, to)
    if (holder !== undefined) throw nameTaken(to, holder)
    renameEndpoints(root, container.id, name, to)
    recordContainerEvent(dataRoot, { ...container, name: to }, 'rename', { oldName: `/${name}` })
    return 0
  },
})
