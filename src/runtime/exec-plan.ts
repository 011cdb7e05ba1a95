/**
 * Another program in a running container. The input is plain JSON, so that a failed start can be compiled again from what
 * travelled with it; engines of their own (`tinyctr exec`) start from here too.
 */
import type { Config, NamespaceType, Process } from '../oci/runtime-spec.ts'
import { compileExec } from '../plan/compile-exec.ts'
import type { Stream } from '../plan/detached.ts'
import type { HookState } from '../plan/hooks.ts'
import type { Host } from '../plan/host.ts'
import { call, type Plan } from '../plan/step.ts'
import { pidFileSteps, pidfdSteps } from './create-plan.ts'

export interface ExecInput {
  /** The container's, as it was at `create`. */
  readonly config: Config
  readonly process: Process
  readonly host: Host
  readonly pidfd: number
  readonly namespaces: readonly NamespaceType[]
  /** The container, as the agent of its seccomp profile is told of it. */
  readonly container?: { readonly state: HookState; readonly pid: number }
  /** The folder of the cgroup it starts in. */
  readonly cgroup?: string
  readonly pidFile?: string
  readonly consoleSocket?: string
  readonly pidfdSocket?: string
  readonly preserveFds?: number
  /** plan/terminal.ts */
  readonly plainNewlines?: boolean
  /** Standard streams that are pipes to a monitor. */
  readonly pipes?: readonly Stream[]
  /** The executor does not wait for its end. */
  readonly detach?: boolean
}

export function execPlan(input: ExecInput, seccompFilter?: Uint8Array): Plan {
  const { cgroup, consoleSocket, container, detach, pidFile, preserveFds } = input
  return compileExec({
    config: execConfig(input),
    host: input.host,
    pidfd: input.pidfd,
    namespaces: input.namespaces,
    keyring: true,
    preserveFds: preserveFds ?? 0,
    finish: [
      ...(pidFile === undefined ? [] : pidFileSteps(pidFile)),
      ...(input.pidfdSocket === undefined ? [] : pidfdSteps(input.pidfdSocket)),
      ...(detach
        ? [
            call('exit_group', [0], {
              why: 'whoever called us is the parent now (PR_SET_CHILD_SUBREAPER), and waits for it',
              at: '--detach',
            }),
          ]
        : []),
    ],
    ...(container
      ? { listenerState: { state: container.state, status: 'running', containerPid: container.pid } }
      : {}),
    ...(input.pipes ? { pipes: input.pipes } : {}),
    ...(cgroup === undefined ? {} : { cgroup }),
    ...(consoleSocket === undefined ? {} : { consoleSocket }),
    ...(input.plainNewlines ? { plainNewlines: true } : {}),
    ...(seccompFilter ? { seccompFilter } : {}),
  })
}

/** What of the container's config goes for every program in it. */
export function execConfig({ config, process, namespaces }: ExecInput): Config {
  const { intelRdt, memoryPolicy, personality, resources, seccomp, uidMappings, gidMappings } =
    config.linux ?? {}
  return {
    ociVersion: config.ociVersion,
    process,
    linux: {
      ...(seccomp ? { seccomp } : {}),
      ...(resources?.devices ? { resources: { devices: resources.devices } } : {}),
      ...(personality ? { personality } : {}),
      ...(intelRdt ? { intelRdt } : {}),
      ...(memoryPolicy ? { memoryPolicy } : {}),
      ...(uidMappings ? { uidMappings } : {}),
      ...(gidMappings ? { gidMappings } : {}),
      namespaces: namespaces.map((type) => ({ type, path: `/proc/self/ns/${type}` })),
    },
  }
}
