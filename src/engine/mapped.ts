/**
 * Without root, with the ids that subuid(5) grants: whoever writes or removes files of those ids must be root of a user
 * namespace that has them (user_namespaces(7)). A command that does so is a plan: the namespace, its maps, and itself.
 */
import type { IDMapping } from '../oci/runtime-spec.ts'
import { encodePlan } from '../plan/encode.ts'
import { readNamespaces } from '../plan/namespaces.ts'
import { call, PID, type Plan, type Step } from '../plan/step.ts'
import { becomeMappedSteps, identityMapSteps } from '../plan/user-maps.ts'

const SIGCHLD = 17

interface Mappings {
  readonly uid: IDMapping[]
  readonly gid: IDMapping[]
}

/** `steps` as root of a user namespace with these ids, and of a mount namespace. */
export function mappedPlan({ uid, gid }: Mappings, steps: readonly Step[]): Plan {
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
    container: [...becomeMappedSteps(namespaces), ...steps],
    cleanup: [],
  }
}

/** The ids that we have and those we were granted, as containers without root have them. */
async function ownMappings(): Promise<Mappings> {
  const { readIdMappings } = await import('./read-host-facts.ts')
  const { call: direct } = await import('../linux/call.ts')
  return readIdMappings(direct('geteuid', []), direct('getegid', []))
}

/** Whether there are more ids than the caller's own. */
export async function mayMapIds(): Promise<boolean> {
  const { uid, gid } = await ownMappings()
  return uid.length > 1 && gid.length > 1
}

/** Becomes the plan; does not return. */
export async function becomeMappedPlan(steps: readonly Step[]): Promise<never> {
  const { architecture } = await import('../linux/call.ts')
  const { executeNative } = await import('../linux/execute-native.ts')
  const plan = mappedPlan(await ownMappings(), steps)
  // Who called has the words for a failure.
  return executeNative(encodePlan(plan, { architecture, explain: { argv: [''], envp: [], source: '' } }))
}

/**
 * Becomes this command line in such a namespace. Returns where that would gain nothing: for root, and for somebody who
 * was granted no ids.
 * @param argv the program first
 */
export async function becomeMapped(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  if (!(await mayMapIds())) return
  const envp = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  )
  await becomeMappedPlan([
    call('execve', [argv[0]!, [...argv], envp], { why: 'the same command, with the ids' }),
  ])
}
