/**
 * The last part of every plan, of a container's and of an exec's: from a finished root to the program. This file alone
 * decides its order; each step says why it stands where it stands.
 */

import { PR } from '../linux/abi/flags.ts'
import type { Config } from '../oci/runtime-spec.ts'
import { boundingSteps, capabilitySteps } from './capabilities.ts'
import { holdSteps, lookUpProgramSteps } from './hold.ts'
import { HOOK_OUTPUT, type HookState, startHookSteps } from './hooks.ts'
import type { Host } from './host.ts'
import { apparmorSteps, selinuxSteps } from './labels.ts'
import {
  closeSteps,
  closeWorkdirStep,
  enterWorkdirStep,
  execveSteps,
  isRootWorkdir,
  letGoSteps,
  noNewPrivilegesSteps,
  openWorkdirSteps,
  rlimitSteps,
  seccompSteps,
  userSteps,
} from './process.ts'
import { schedulingSteps } from './scheduling.ts'
import { seccompFlags } from './seccomp/flags.ts'
import { isListening, listenedSteps, listenerFiles } from './seccomp/listener.ts'
import { compileSeccomp } from './seccomp.ts'
import { call, START, type Step } from './step.ts'
import { takeTerminalSteps } from './terminal.ts'

export interface ProgramInput {
  readonly config: Config
  readonly host: Host
  /** `config.linux.seccomp`, already compiled (a cached filter). */
  readonly seccompFilter?: Uint8Array
  /** File descriptors 3 to 3+N-1 that the program keeps. */
  readonly preserveFds?: number
  /** A PID 1 that reaps and forwards signals, with the program as its child. */
  readonly init?: boolean
  /** The program ends when its monitor does. */
  readonly dieWithParent?: boolean
  /** The container waits at $start before it becomes its program. */
  readonly hold?: boolean
  /** A session keyring of its own. */
  readonly keyring?: boolean
  /** It has come into a root, and stands in it. */
  readonly inRoot?: boolean
  /** What hooks are told; without it there are none. */
  readonly hookState?: HookState
}

const SIGCHLD = 17
const SIGKILL = 9

export function programSteps(input: ProgramInput): Step[] {
  const { config, host } = input
  const seccomp = config.linux?.seccomp
  const filter = seccomp
    ? (input.seccompFilter ??
      compileSeccomp(seccomp, host.architecture === 'arm64' ? 'SCMP_ARCH_AARCH64' : 'SCMP_ARCH_X86_64'))
    : undefined
  const seccompCall = listenedSteps(config, seccompSteps(filter, seccomp ? seccompFlags(seccomp) : 0))
  const noNewPrivileges = config.process?.noNewPrivileges === true
  const confineSteps = [...noNewPrivilegesSteps(config), ...(noNewPrivileges ? seccompCall : [])]
  // Who creates it hands the listener over, and is gone when it is started.
  const listening = isListening(config)
  // Where setgroups(2) is denied there is no group to leave: one unprivileged id, or whatever a joined namespace has.
  const mayDenySetgroups =
    config.linux?.namespaces?.some(({ type, path }) => type === 'user' && path) ||
    (host.euid !== 0 && config.linux?.gidMappings?.length === 1 && config.linux.gidMappings[0]?.size === 1)
  const startHooks = input.hookState ? startHookSteps(config, input.hookState) : { prepare: [], run: [] }
  const hasStartHooks = startHooks.run.length > 0
  const moves = !(input.inRoot && isRootWorkdir(config))
  const kept = [START, ...(hasStartHooks ? [HOOK_OUTPUT] : []), ...listenerFiles(config)]
  return [
    ...takeTerminalSteps(config),
    ...rlimitSteps(config, host),
    ...schedulingSteps(config),
    ...apparmorSteps(config),
    ...selinuxSteps(config),
    ...boundingSteps(config),
    ...closeSteps(input.preserveFds ?? 0),
    ...(input.hold ? letGoSteps(input.preserveFds ?? 0, kept) : []),
    ...(moves ? openWorkdirSteps(config) : []),
    ...startHooks.prepare,
    // Without no_new_privs a filter needs CAP_SYS_ADMIN, which is about to go. What comes after it must be known to old
    // profiles too: no openat2(2), no close_range(2).
    ...(noNewPrivileges ? [] : seccompCall),
    ...userSteps(config, mayDenySetgroups === true),
    ...capabilitySteps(config),
    ...(input.dieWithParent
      ? [
          call('prctl', [PR.SET_PDEATHSIG, { name: 'SIGKILL', value: SIGKILL }, 0, 0, 0], {
            why: 'a container without its monitor would be nobody’s; changing the user cleared this',
          }),
        ]
      : []),
    call('umask', [config.process?.user?.umask ?? 0o022], {
      why: 'the modes of what the program makes',
      at: '/process/user/umask',
    }),
    ...(moves ? [enterWorkdirStep()] : []),
    ...(moves && input.hold ? [closeWorkdirStep()] : []),
    ...(input.hold ? lookUpProgramSteps(config) : []),
    ...(listening ? confineSteps : []),
    ...(input.hold ? holdSteps() : []),
    // The hooks of the container are confined like its program.
    ...(hasStartHooks && !listening ? confineSteps : []),
    ...startHooks.run,
    ...(input.init ? [initStep()] : []),
    // The filter last before execve, so that it need not allow anything above.
    ...(hasStartHooks || listening ? [] : confineSteps),
    ...execveSteps(config),
  ]
}

/** clone(2), not clone3(2): seccomp cannot look into the latter's arguments, so profiles refuse it. */
const initStep = (): Step =>
  call('clone', [{ name: 'SIGCHLD', value: SIGCHLD }, null, null, null, null], {
    role: 'init',
    why: 'this process stays as PID 1: it reaps orphans and passes signals on',
    at: '--init',
  })
