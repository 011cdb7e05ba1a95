/**
 * Hooks (runtime-spec config.md, "POSIX-platform Hooks"): programs of the caller that run at six points of a container's
 * life, each with the container's state on its standard input. Without an environment of its own it has that of whoever
 * runs it: the runtime's, or the container's.
 */

import { MFD } from '../linux/abi/flags.ts'
import type { Slot } from '../linux/abi/kinds.ts'
import type { Config, Hook, HookName, State, Status } from '../oci/runtime-spec.ts'
import type { Host } from './host.ts'
import { configureNetDeviceSteps, hasNetDevices, moveNetDeviceSteps } from './net-devices.ts'
import { ROOT } from './rootfs.ts'
import { barrier, call, composed, PID, type Step, slot, template } from './step.ts'

/** What a hook is told besides status and pid. */
export interface HookState extends Omit<State, 'status' | 'pid'> {
  /** The runtime's own, for hooks that have none: told by being there. */
  readonly environment?: readonly string[]
}

/** What hooks say: read from there when one fails, by its name in /proc/PID/fd. */
export const HOOK_OUTPUT_NAME = 'tinyctr-hook-output'
export const HOOK_OUTPUT = slot('hook_output')

const WORK_DUE = 3
const WORK_DONE = 4

const hooksOf = (config: Config, name: HookName): readonly Hook[] => config.hooks?.[name] ?? []

export const hasHooks = (config: Config): boolean =>
  Object.values(config.hooks ?? {}).some((hooks) => hooks.length > 0)

/** Host steps before everything else. */
export function prepareHooksSteps(config: Config, bundle: string): Step[] {
  if (!hasHooks(config)) return []
  return [
    call('chdir', [bundle], { why: 'hooks are run in the bundle', at: '/hooks' }),
    call('memfd_create', [HOOK_OUTPUT_NAME, 0], {
      into: HOOK_OUTPUT,
      why: 'what hooks say, for when one fails; it outlives our execve',
      at: '/hooks',
    }),
  ]
}

const hasHostHooks = (config: Config): boolean =>
  hooksOf(config, 'prestart').length > 0 || hooksOf(config, 'createRuntime').length > 0

/** Whether the host has something to do in the middle of the container's half. */
const hasHostWork = (config: Config): boolean => hasNetDevices(config) || hasHostHooks(config)

/**
 * Host steps while the container, its mounts made, waits before pivot_root. These hooks come "after step 2 in the
 * lifecycle", where runtime.md says `created`, and so do the validation suite and crun; runc says `creating`.
 */
export function hostWorkSteps(config: Config, host: Host, state: HookState | undefined): Step[] {
  if (!hasHostWork(config)) return []
  const hooks = state
    ? [
        ...hookSteps(config, 'prestart', state, 'created', PID),
        ...hookSteps(config, 'createRuntime', state, 'created', PID),
      ]
    : []
  return [
    barrier(WORK_DUE, 'wait', 'the container has its namespaces and mounts'),
    ...moveNetDeviceSteps(config, host),
    ...hooks,
    barrier(WORK_DONE, 'signal', 'what is the host’s to do is done'),
  ]
}

/** Container steps right before pivot_root: paths are still the host's, namespaces the container's. */
export function containerWorkSteps(config: Config, host: Host, state: HookState | undefined): Step[] {
  const waits = hasHostWork(config)
    ? [
        barrier(WORK_DUE, 'signal', 'namespaces and mounts are there to be looked at'),
        barrier(WORK_DONE, 'wait', 'the host and its hooks may still change them'),
      ]
    : []
  return [...waits, ...configureNetDeviceSteps(config, host), ...createContainerSteps(config, state)]
}

function createContainerSteps(config: Config, state: HookState | undefined): Step[] {
  const steps = state ? hookSteps(config, 'createContainer', state, 'created', OWN_PID) : []
  if (steps.length === 0) return []
  // As runc has it: `mount --bind X lib/x` is meant in the root.
  return [
    call('fchdir', [ROOT], { why: 'these hooks stand in the root', at: '/hooks' }),
    ...withOwnPid(steps),
  ]
}

/** The process id as the container itself knows it. */
const OWN_PID = slot('own_pid')

const withOwnPid = (steps: readonly Step[]): Step[] =>
  steps.length === 0
    ? []
    : [call('getpid', [], { into: OWN_PID, why: 'what the hooks are told', at: '/hooks' }), ...steps]

/** startContainer hooks in two parts: what a seccomp filter might forbid comes before it. */
export function startHookSteps(config: Config, state: HookState): { prepare: Step[]; run: Step[] } {
  const steps = withOwnPid(hookSteps(config, 'startContainer', state, 'created', OWN_PID))
  return {
    prepare: steps.filter(({ is }) => is === 'call'),
    run: steps.filter(({ is }) => is !== 'call'),
  }
}

/** Host steps when the container runs its program. */
export const poststartHookSteps = (config: Config, state: HookState, pid: Slot): Step[] =>
  hookSteps(config, 'poststart', state, 'running', pid)

/** Clean-up steps when the container is gone: a failure is no reason not to run the next (runtime.md, "Lifecycle"). */
export const poststopHookSteps = (config: Config, state: HookState): Step[] =>
  hookSteps(config, 'poststop', state, 'stopped', undefined)

/** What of it is the container's (runtime.md, "State"). */
export const publicState = ({ environment: _, ...state }: HookState): Omit<State, 'status' | 'pid'> => state

/** The state as a hook reads it; `pid` is added when it is known. */
export const hookStateText = (state: HookState, status: Status, pid?: number): string =>
  JSON.stringify({ ...publicState(state), status, ...(pid === undefined ? {} : { pid }) })

const MILLISECONDS = 1000

function hookSteps(
  config: Config,
  name: HookName,
  state: HookState,
  status: Status,
  pid: Slot | undefined,
): Step[] {
  return hooksOf(config, name).flatMap((one, i) => {
    const at = `/hooks/${name}/${i}`
    const input = slot(`${name}_${i}`)
    const text = hookStateText(state, status)
    return [
      call('memfd_create', [`${name} hook`, MFD.CLOEXEC], { into: input, why: `what it reads`, at }),
      call('write', [input, pid ? template(`${text.slice(0, -1)},"pid":`, pid, '}') : text], {
        why: "the container's state",
        at,
      }),
      call('lseek', [input, 0, 0], { why: 'from its beginning', at }),
      composed(
        'hook',
        [
          one.path,
          one.args ?? [one.path],
          // In the container it has the container's.
          one.env ?? (name === 'startContainer' ? config.process?.env : state.environment) ?? [],
          input,
          HOOK_OUTPUT,
          (one.timeout ?? 0) * MILLISECONDS,
        ],
        {
          ...(name === 'poststop' ? { tolerate: ['ECANCELED', 'ETIMEDOUT', 'EBADF'] } : {}),
          why: `run the ${name} hook`,
          at,
        },
      ),
    ]
  })
}
