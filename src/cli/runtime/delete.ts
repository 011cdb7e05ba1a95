/** `tinyctr-runtime delete`. */

import { UsageError } from '../../errors.ts'
import { deleteContainer } from '../../runtime/delete.ts'
import { listContainers } from '../../runtime/state.ts'
import { printError } from '../screen/output.ts'
import { runtimeCommand } from './command.ts'

export const deleteCommand = runtimeCommand({
  usage: '[OPTIONS] ID',
  summary: 'Free everything that a stopped container holds',
  flags: {
    force: { takes: 'nothing', short: 'f', help: 'End it first; none is no error' },
    regex: {
      takes: 'nothing',
      short: 'r',
      help: "All whose id matches ID, a regular expression (crun's flag)",
    },
  },
  least: 1,
  most: 1,
  async execute({ flags, positionals, global: { root } }) {
    const id = positionals[0] as string
    for (const one of flags.regex ? matching(root, id) : [id]) {
      const complaints = await deleteContainer(root, one, flags.force ?? false)
      for (const complaint of complaints) printError(`tinyctr-runtime: warning: ${complaint}`)
    }
    return 0
  },
})

function matching(root: string, pattern: string): string[] {
  let wanted: RegExp
  try {
    wanted = new RegExp(pattern)
  } catch (cause) {
    throw new UsageError(`invalid regular expression "${pattern}"`, { cause })
  }
  return listContainers(root)
    .map(({ state }) => state.id)
    .filter((id) => wanted.test(id))
}
