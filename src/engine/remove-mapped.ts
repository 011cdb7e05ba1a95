/**
 * What a rootless container wrote under ids that subuid(5) granted is not its caller's to remove: only root of the same
 * user namespace may. So `tinyctr remove-mapped` is a plan of its own: a user namespace, the maps, remove_tree.
 */
import { encodePlan } from '../plan/encode.ts'
import { becomeMappedSteps, identityMapSteps, readNamespaces } from '../plan/namespaces.ts'
import { call, composed, PID, type Plan } from '../plan/step.ts'
import { ownCommand } from '../runtime/own-command.ts'
import type { HostFacts } from './host-facts.ts'

const SIGCHLD = 17

export function removalPlan(path: string, { uid, gid }: NonNullable<HostFacts['idMappings']>): Plan {
  const config = {
    ociVersion: '1.3.0',
    linux: {
      namespaces: [{ type: 'user' as const }, { type: 'mount' as const }],
      uidMappings: uid,
      gidMappings: gid,
    },
  }
  const namespaces = readNamespaces(config)
  return {
    host: [
      call('clone3', [{ flags: namespaces.flags, exit_signal: SIGCHLD }], {
        role: 'container',
        into: PID,
        why: 'a process that may have the ids of the container',
      }),
      ...identityMapSteps(config, namespaces, false),
    ],
    container: [
      ...becomeMappedSteps(namespaces),
      composed('remove_tree', [path], { why: 'what the container wrote' }),
      call('exit_group', [0], { why: 'nothing else to do' }),
    ],
    cleanup: [],
  }
}

/** Becomes the removal; the exit code says whether it worked. */
export async function becomeRemoval(path: string): Promise<never> {
  const { readIdMappings } = await import('./read-host-facts.ts')
  const { architecture, call: direct } = await import('../linux/call.ts')
  const { executeNative } = await import('../linux/execute-native.ts')
  const plan = removalPlan(path, readIdMappings(direct('geteuid', []), direct('getegid', [])))
  // Who called has the words for a failure.
  return executeNative(encodePlan(plan, { architecture, explain: { argv: [''], envp: [], source: '' } }))
}

/** Runs the removal beside us. @returns whether it worked */
export async function removeAsMapped(path: string): Promise<boolean> {
  const [program = '', ...args] = ownCommand('remove-mapped')
  const { spawnSync } = await import('node:child_process')
  return spawnSync(program, [...args, path], { stdio: 'ignore' }).status === 0
}
