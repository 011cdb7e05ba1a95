/** `tinyctr remove-mapped`: the clean-up of a rootless container whose ids come from subuid(5). */
import { becomeRemoval } from '../engine/remove-mapped.ts'
import { UsageError } from '../errors.ts'
import type { noFlags } from './commands.ts'
import type { Invocation } from './invocation.ts'

export async function removeMapped({
  positionals: [path = ''],
}: Invocation<typeof noFlags>): Promise<number> {
  if (process.geteuid!() === 0) throw new UsageError('remove-mapped is for those who are not root')
  return becomeRemoval(path)
}
