/** `tinyctr-runtime delete`. */
import { deleteContainer } from '../../runtime/delete.ts'
import { printError } from '../screen/output.ts'
import { runtimeCommand } from './command.ts'

export const deleteCommand = runtimeCommand({
  usage: '[OPTIONS] ID',
  summary: 'Free everything that a stopped container holds',
  flags: { force: { takes: 'nothing', short: 'f', help: 'End it first; none is no error' } },
  least: 1,
  most: 1,
  async execute({ flags, positionals, global }) {
    const complaints = await deleteContainer(global.root, positionals[0] as string, flags.force ?? false)
    for (const complaint of complaints) printError(`tinyctr-runtime: warning: ${complaint}`)
    return 0
  },
})
