/** `tinyctr remove-mapped`: the clean-up of a rootless container whose ids come from subuid(5). */
import { becomeRemoval } from '../../engine/remove-mapped.ts'
import { UsageError } from '../../errors.ts'
import { defineCommand } from '../command.ts'

export const removeMapped = defineCommand({
  usage: 'PATH',
  summary: 'Remove what a rootless container wrote; its clean-up calls it',
  flags: {},
  least: 1,
  most: 1,
  hidden: true,
  async execute({ positionals: [path = ''] }) {
    if (process.geteuid!() === 0) throw new UsageError('remove-mapped is for those who are not root')
    return becomeRemoval(path)
  },
})
