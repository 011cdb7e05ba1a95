/**
 * An OCI config as the list of system calls that makes its container. Pure: the same input gives the same plan on any
 * machine. This file alone decides the order; each step says why it stands where it stands.
 */

import { ConfigError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { AT, CLONE, PR } from '../linux/abi/flags.ts'
import type { Config } from '../oci/runtime-spec.ts'
import { boundingSteps, capabilitySteps } from './capabilities.ts'
import { CGROUP, cgroupCleanup, cgroupFolder, cgroupSteps } from './cgroup.ts'
import { withoutMknod } from './device-filter.ts'
import { deviceSteps } from './devices.ts'
import { type Host, kernelAtLeast } from './host.ts'
import { idmappedMountSteps } from './idmap.ts'
import { apparmorSteps, refuseUnsupported } from './labels.ts'
import { maskSteps, openCoverSteps, readonlyPathSteps } from './masked-paths.ts'
import { mountSteps, readonlyTmpfsSteps } from './mounts.ts'
import {
  becomeMappedSteps,
  cgroupNamespaceSteps,
  identityMapSteps,
  joinSteps,
  type Namespaces,
  openNamespaceSteps,
  readNamespaces,
} from './namespaces.ts'
import { loopbackSteps } from './network.ts'
import { mountsInOrder } from './proc-mounts.ts'
import {
  closeSteps,
  enterWorkdirSteps,
  execveSteps,
  makeWorkdirSteps,
  noNewPrivilegesSteps,
  oomScoreSteps,
  rlimitSteps,
  seccompSteps,
  signalSteps,
  userSteps,
} from './process.ts'
import { type Overlay, pivotSteps, ROOT, readonlyRootSteps, rootSteps } from './rootfs.ts'
import { seccompFlags } from './seccomp/flags.ts'
import { compileSeccomp } from './seccomp.ts'
import { call, PID, type Plan, type Step, slot } from './step.ts'
import { sysctlSteps } from './sysctl.ts'
import { openTerminalSteps, takeTerminalSteps } from './terminal.ts'
import { Tree } from './tree.ts'

export interface PlanInput {
  readonly config: Config
  readonly host: Host
  /** The folder that relative paths of the config start from; absolute. */
  readonly bundle: string
  /** An image's layers as root; `config.root.path` is then the empty folder they are mounted on. */
  readonly overlay?: Overlay
  /** `config.linux.seccomp`, already compiled (a cached filter). */
  readonly seccompFilter?: Uint8Array
  /** OCI's --console-socket; without it the monitor holds the terminal. */
  readonly consoleSocket?: string
  /** File descriptors 3 to 3+N-1 that the container keeps. */
  readonly preserveFds?: number
  /** A PID 1 that reaps and forwards signals, with the program as its child. */
  readonly init?: boolean
  /** Standard input is /dev/null, not the caller's. */
  readonly stdin?: 'null'
  /** The container ends when its monitor does. */
  readonly dieWithParent?: boolean
  /** Steps of the engine around the container: its state folder, its writable layer. */
  readonly before?: readonly Step[]
  readonly after?: readonly Step[]
}

const SIGCHLD = 17
const SIGKILL = 9

/**
 * @throws ConfigError where the config asks for what cannot be, with the JSON pointer of the wish
 */
export function compilePlan(given: PlanInput): Plan {
  const input = { ...given, config: withoutMknod(given.config, given.host) }
  const { config, host } = input
  if (!kernelAtLeast(host, 5, 12))
    throw new ConfigError(
      '',
      `expected Linux 5.12 or later (mount_setattr) but found ${host.kernel.join('.')}`,
    )
  refuseUnsupported(config)
  const namespaces = readNamespaces(config)
  const idmapped = idmappedMountSteps(config, host, input.bundle)
  const joined = openNamespaceSteps(namespaces)
  return {
    host: [
      ...(input.before ?? []),
      ...joined.steps,
      ...cgroupSteps(config, host),
      ...idmapped.steps,
      cloneStep(namespaces, cgroupFolder(config, host) !== undefined),
      ...identityMapSteps(config, namespaces, host.euid === 0),
    ],
    container: [
      ...signalSteps(),
      ...(input.stdin === 'null' ? nullInputSteps() : []),
      // Before the user changes: a process that changed it may not write to its own /proc.
      ...oomScoreSteps(config),
      ...becomeMappedSteps(namespaces),
      ...joinSteps(config, namespaces, joined.opened),
      ...cgroupNamespaceSteps(namespaces),
      call('setsid', [], { why: "a session of its own: the caller's terminal is not ours to signal" }),
      call('umask', [0], { why: 'modes below are meant as they are written' }),
      ...rootAndMountSteps(input, namespaces, idmapped.prepared),
      ...programSteps(input),
    ],
    cleanup: [...cgroupCleanup(config, host), ...(input.after ?? [])],
  }
}

function cloneStep(namespaces: Namespaces, intoCgroup: boolean): Step {
  const flags = namespaces.flags + (intoCgroup ? CLONE.INTO_CGROUP : 0)
  return call('clone3', [{ flags, exit_signal: SIGCHLD, ...(intoCgroup ? { cgroup: CGROUP } : {}) }], {
    role: 'container',
    into: PID,
    why: intoCgroup
      ? 'the container: in its namespaces and its cgroup from the first instruction'
      : 'the container, in its namespaces from the first instruction',
    at: '/linux/namespaces',
  })
}

function rootAndMountSteps(
  input: PlanInput,
  namespaces: Namespaces,
  prepared: ReturnType<typeof idmappedMountSteps>['prepared'],
): Step[] {
  const { bundle, config, host } = input
  if (namespaces.joined.has('mount')) return []
  const path = config.root?.path
  if (!path) throw new ConfigError('/root/path', 'expected the folder of the root filesystem')
  const userNamespace = namespaces.created.has('user') || namespaces.joined.has('user')
  const isolated = (type: Parameters<typeof namespaces.created.has>[0]): boolean =>
    namespaces.created.has(type) || namespaces.joined.has(type)
  const tree = new Tree(ROOT)
  const cgroup = namespaces.created.has('cgroup') ? undefined : cgroupFolder(config, host)
  const context = { host, tree, bundle, prepared, cgroupFolder: cgroup }
  return [
    ...rootSteps(config, path.startsWith('/') ? path : `${bundle}/${path}`, input.overlay, host),
    ...mountsInOrder(config).flatMap(({ mount, index }) => mountSteps(mount, index, context)),
    // A /dev from outside is somebody else's: it is not filled.
    ...(isBindMounted(config, '/dev') ? [] : deviceSteps(config, tree, userNamespace)),
    ...openTerminalSteps(config, tree, input.consoleSocket),
    ...loopbackSteps(namespaces.created.has('network')),
    ...hostnameSteps(config),
    ...sysctlSteps(config, tree, isolated),
    ...openCoverSteps(config),
    ...pivotSteps(config),
    ...maskSteps(config),
    ...readonlyPathSteps(config),
    ...makeWorkdirSteps(config),
    ...readonlyTmpfsSteps(config, tree),
    ...readonlyRootSteps(config),
  ]
}

const isBindMounted = (config: Config, path: string): boolean =>
  (config.mounts ?? []).some(
    (mount) =>
      mount.destination === path &&
      (mount.type === 'bind' || mount.options?.some((option) => option === 'bind' || option === 'rbind')),
  )

function hostnameSteps(config: Config): Step[] {
  const steps: Step[] = []
  if (config.hostname)
    steps.push(
      call('sethostname', [config.hostname], { why: 'the name it knows itself by', at: '/hostname' }),
    )
  if (config.domainname)
    steps.push(call('setdomainname', [config.domainname], { why: 'its NIS domain name', at: '/domainname' }))
  return steps
}

function programSteps(input: PlanInput): Step[] {
  const { config, host } = input
  const seccomp = config.linux?.seccomp
  const filter = seccomp
    ? (input.seccompFilter ??
      compileSeccomp(seccomp, host.architecture === 'arm64' ? 'SCMP_ARCH_AARCH64' : 'SCMP_ARCH_X86_64'))
    : undefined
  const seccompCall = seccompSteps(filter, seccomp ? seccompFlags(seccomp) : 0)
  const noNewPrivileges = config.process?.noNewPrivileges === true
  // Where setgroups(2) is denied there is no group to leave: one unprivileged id, or whatever a joined namespace has.
  const mayDenySetgroups =
    config.linux?.namespaces?.some(({ type, path }) => type === 'user' && path) ||
    (host.euid !== 0 && config.linux?.gidMappings?.length === 1 && config.linux.gidMappings[0]?.size === 1)
  return [
    ...takeTerminalSteps(config),
    ...rlimitSteps(config, host),
    ...apparmorSteps(config),
    ...boundingSteps(config),
    // Without no_new_privs a filter needs CAP_SYS_ADMIN, which is about to go.
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
    ...closeSteps(input.preserveFds ?? 0),
    ...enterWorkdirSteps(config),
    ...(input.init ? [initStep()] : []),
    ...noNewPrivilegesSteps(config),
    // Last before execve, so that it need not allow anything above.
    ...(noNewPrivileges ? seccompCall : []),
    ...execveSteps(config),
  ]
}

function nullInputSteps(): Step[] {
  const at = '--interactive'
  const input = slot('stdin')
  return [
    call('openat', [AT.FDCWD, '/dev/null', O.RDONLY | O.CLOEXEC, 0], {
      into: input,
      why: 'nobody types into this container',
      at,
    }),
    call('dup3', [input, 0, 0], { why: 'so its standard input is at its end', at }),
  ]
}

/** clone(2), not clone3(2): seccomp cannot look into the latter's arguments, so profiles refuse it. */
const initStep = (): Step =>
  call('clone', [{ name: 'SIGCHLD', value: SIGCHLD }, null, null, null, null], {
    role: 'init',
    why: 'this process stays as PID 1: it reaps orphans and passes signals on',
    at: '--init',
  })
