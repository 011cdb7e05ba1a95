/** `tinyctr diff`: A path that was added, C one that was changed, D one that was deleted. */

import { containerChanges } from '../../engine/container/container-changes.ts'
import { findContainer } from '../../engine/container/list.ts'
import { defineCommand } from '../command.ts'
import { print } from '../screen/output.ts'

export const diff = defineCommand({
  usage: 'CONTAINER',
  summary: "Inspect changes to files or directories on a container's filesystem",
  flags: {},
  least: 1,
  most: 1,
  completes: 'containers',
  async execute({ positionals: [name = ''], folders: { dataRoot } }) {
    const changes = await containerChanges(dataRoot, findContainer(dataRoot, name))
    if (changes.length > 0) print(changes.map(({ kind, path }) => `${kind} ${path}`).join('\n'))
    return 0
  },
})
