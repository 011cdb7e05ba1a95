/**
 * What a rootless container wrote under ids that subuid(5) granted is not its caller's to remove: only root of the same
 * user namespace may. So `tinyctr remove-mapped` is a plan of its own: a user namespace, the maps, remove_tree.
 */
import { call, composed } from '../plan/step.ts'
import { ownCommand } from '../runtime/own-command.ts'
import { becomeMappedPlan } from './mapped.ts'

/** Becomes the removal; the exit code says whether it worked. */
export const becomeRemoval = (path: string): Promise<never> =>
  becomeMappedPlan([
    composed('remove_tree', [path], { why: 'what the container wrote' }),
    call('exit_group', [0], { why: 'nothing else to do' }),
  ])

/** Runs the removal beside us. @returns whether it worked */
export async function removeAsMapped(path: string): Promise<boolean> {
  const [program = '', ...args] = ownCommand('remove-mapped')
  const { spawnSync } = await import('node:child_process')
  return spawnSync(program, [...args, path], { stdio: 'ignore' }).status === 0
}
