/**
 * An OCI config as the list of system calls that makes its container. Pure: the same input gives the same plan on any
 * machine. This file alone decides the order; each step says why it stands where it stands.
 */

import { ConfigError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { AT, CLONE } from '../linux/abi/flags.ts'
import type { Config } from '../oci/runtime-spec.ts'
import { CGROUP, cgroupCleanup, cgroupFolder, cgroupSteps } from './cgroup.ts'
import { awaitScopeStep, leaveScopeSteps, scopeCleanup, scopeSteps } from './cgroup-scope.ts'
import { pipeSteps, type Stream } from './detached.ts'
import { withoutMknod } from './device-filter.ts'
import { deviceSteps } from './devices.ts'
import { awaitCreated } from './hold.ts'
import {
  containerWorkSteps,
  hasHooks,
  hostWorkSteps,
  poststartHookSteps,
  poststopHookSteps,
  prepareHooksSteps,
} from './hooks.ts'
import { type Host, kernelAtLeast } from './host.ts'
import { hostnameSteps } from './hostname.ts'
import { awaitRdtSteps, joinRdtGroupSteps, rdtCleanup, rdtGroupSteps } from './intel-rdt.ts'
import { checkLabels, keyLabelSteps, openProcSteps } from './labels.ts'
import { maskSteps, openCoverSteps, readonlyPathSteps } from './masked-paths.ts'
import { mountLabelSteps, withMountLabel } from './mount-label.ts'
import { isBind } from './mount-options.ts'
import { orderedMountSteps } from './mount-order.ts'
import { readonlyTmpfsSteps } from './mounts.ts'
import {
  cgroupNamespaceSteps,
  joinSteps,
  type Namespaces,
  openNamespaceSteps,
  openTimeOffsetSteps,
  readNamespaces,
} from './namespaces.ts'
import { awaitDeviceSteps, configureDeviceSteps, loopbackSteps, makeDeviceSteps } from './network.ts'
import type { NetworkDevice } from './network-device.ts'
import { type PreparedMounts, preparedMountSteps } from './prepared-mounts.ts'
import { keyringStep, makeWorkdirSteps, oomScoreSteps, signalSteps } from './process.ts'
import { type ProgramInput, programSteps } from './program.ts'
import { holdPortSteps, type PublishedPort, publishSteps, unpublishSteps } from './published-ports.ts'
import { type Overlay, pivotSteps, ROOT, readonlyRootSteps, rootOf, rootSteps } from './rootfs.ts'
import { anyProcessorStep } from './scheduling.ts'
import { connectAgentSteps, handOverSteps } from './seccomp/listener.ts'
import { barrier, call, PID, type Plan, type Step, slot } from './step.ts'
import { sysctlSteps } from './sysctl.ts'
import { connectSteps, openTerminalSteps, type TerminalInput } from './terminal.ts'
import { Tree } from './tree.ts'
import { becomeMappedSteps, identityMapSteps } from './user-maps.ts'
import { endNetworkProgramSteps, type NetworkProgram, networkProgramSteps } from './user-mode-network.ts'

export interface PlanInput extends ProgramInput, TerminalInput {
  /** The folder that relative paths of the config start from; absolute. */
  readonly bundle: string
  /** An image's layers as root; `config.root.path` is then the empty folder they are mounted on. */
  readonly overlay?: Overlay
  /** The cgroup may be there already. */
  readonly mayShareCgroup?: boolean
  /** We are in the container's cgroup, which systemd has made, and go back to this one's folder. */
  readonly scopeHome?: string
  /**
   * The root is moved over the host's instead of pivoted to, for hosts that run from their initramfs; what of proc and
   * sysfs is mounted out here goes first.
   */
  readonly noPivot?: readonly string[]
  /** It may run on every processor of its cgroup, whatever its caller is bound to. */
  readonly anyProcessor?: boolean
  /** Standard input is /dev/null, not the caller's. */
  readonly stdin?: 'null'
  /** What a new network namespace gets besides a loopback, and the ports of the host that lead to it. */
  readonly devices?: readonly NetworkDevice[]
  readonly ports?: readonly PublishedPort[]
  /** Or a program makes them, where we may not. */
  readonly networkProgram?: NetworkProgram
  /** Standard streams that are pipes to a monitor. */
  readonly pipes?: readonly Stream[]
  /** Steps of the engine around the container: its state folder, its writable layer. */
  readonly before?: readonly Step[]
  /** The container's first. */
  readonly atFirst?: readonly Step[]
  readonly after?: readonly Step[]
  /** Steps of the host when the container waits at $start (`hold`); or when it has become its program. */
  readonly finish?: readonly Step[]
}

const SIGCHLD = 17
const EXECVE = 0

/**
 * @throws ConfigError where the config asks for what cannot be, with the JSON pointer of the wish
 */
export function compilePlan(given: PlanInput): Plan {
  const input = { ...given, config: withMountLabel(withoutMknod(given.config, given.host)) }
  const { config, host } = input
  if (!kernelAtLeast(host, 5, 12))
    throw new ConfigError(
      '',
      `expected Linux 5.12 or later (mount_setattr) but found ${host.kernel.join('.')}`,
    )
  checkLabels(config, host)
  const { hookState, scopeHome } = input
  if (!hookState && hasHooks(config))
    throw new ConfigError('/hooks', 'expected none: only an OCI container has the state that they are told')
  const namespaces = readNamespaces(config)
  const sources = preparedMountSteps(config, host, input.bundle)
  const joined = openNamespaceSteps(namespaces)
  const { devices = [], ports = [], networkProgram } = input
  const waitsEarly = namespaces.relayFlags !== undefined && awaitsDevices(input)
  return {
    host: [
      ...(input.before ?? []),
      ...prepareHooksSteps(config, input.bundle),
      ...joined.steps,
      ...(scopeHome ? scopeSteps(config, host) : cgroupSteps(config, host, input.mayShareCgroup)),
      ...rdtGroupSteps(config, host, hookState?.id),
      ...sources.steps,
      ...holdPortSteps(ports),
      ...connectAgentSteps(config),
      // Here: the root of a user namespace may not enter every folder on the way to it.
      ...connectSteps(config.process?.terminal ? input.consoleSocket : undefined),
      cloneStep(namespaces, !scopeHome && cgroupFolder(config, host) !== undefined),
      ...(scopeHome ? leaveScopeSteps(config, host, scopeHome) : []),
      ...identityMapSteps(config, namespaces, host.euid === 0),
      ...makeDeviceSteps(devices),
      ...publishSteps(ports),
      ...networkProgramSteps(networkProgram),
      ...hostWorkSteps(config, host, hookState),
      ...joinRdtGroupSteps(config, host, hookState?.id),
      ...handOverSteps(config, hookState && { state: hookState, status: 'creating' }),
      ...finishSteps(input),
    ],
    container: [
      ...(scopeHome ? [awaitScopeStep()] : []),
      ...(input.atFirst ?? []),
      ...signalSteps(),
      ...(input.anyProcessor ? [anyProcessorStep()] : []),
      ...(input.stdin === 'null' ? nullInputSteps() : []),
      ...pipeSteps(input.pipes ?? []),
      // Before the user changes: a process that changed it may not write to its own /proc.
      ...oomScoreSteps(config),
      ...openProcSteps(config),
      ...openTimeOffsetSteps(config, namespaces),
      ...becomeMappedSteps(namespaces),
      ...(waitsEarly ? awaitDeviceSteps() : []),
      ...joinSteps(config, namespaces, joined.opened),
      ...cgroupNamespaceSteps(namespaces),
      call('setsid', [], { why: "a session of its own: the caller's terminal is not ours to signal" }),
      ...(input.keyring ? [...keyLabelSteps(config), keyringStep()] : []),
      call('umask', [0], { why: 'modes below are meant as they are written' }),
      ...rootAndMountSteps(input, namespaces, sources.prepared),
      ...awaitRdtSteps(config),
      ...programSteps({ ...input, inRoot: true }),
    ],
    cleanup: [
      ...rdtCleanup(config, host, hookState?.id),
      ...(scopeHome ? scopeCleanup(config, host, scopeHome) : cgroupCleanup(config, host)),
      ...unpublishSteps(ports),
      ...endNetworkProgramSteps(networkProgram),
      ...(input.after ?? []),
      ...(hookState ? poststopHookSteps(config, hookState) : []),
    ],
  }
}

const awaitsDevices = ({ devices = [], networkProgram }: PlanInput): boolean =>
  devices.length > 0 || networkProgram !== undefined

/** A user namespace may not mount the cgroups of a namespace that it does not own: it shows them as they are. */
const borrowed = (host: Host): string | undefined => (host.inUserNamespace ? '/sys/fs/cgroup' : undefined)

function finishSteps({ config, hold, hookState, finish = [] }: PlanInput): Step[] {
  if (hold) return [awaitCreated(), ...finish]
  const steps = [...(hookState ? poststartHookSteps(config, hookState, PID) : []), ...finish]
  return steps.length === 0
    ? []
    : [barrier(EXECVE, 'wait', 'execve closes its end: it has become its program'), ...steps]
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
  prepared: PreparedMounts['prepared'],
): Step[] {
  const { bundle, config, host, devices = [] } = input
  const hostWork = containerWorkSteps(config, host, input.hookState)
  if (namespaces.joined.has('mount')) return hostWork
  const userNamespace =
    namespaces.created.has('user') || namespaces.joined.has('user') || host.inUserNamespace === true
  const isolated = (type: Parameters<typeof namespaces.created.has>[0]): boolean =>
    namespaces.created.has(type) || namespaces.joined.has(type)
  const tree = new Tree(ROOT)
  const cgroup = namespaces.created.has('cgroup') ? undefined : (cgroupFolder(config, host) ?? borrowed(host))
  const root = rootOf(config, bundle)
  const context = { host, tree, bundle, root, prepared, cgroupFolder: cgroup }
  return [
    ...rootSteps(config, root, input.overlay, host),
    ...orderedMountSteps(config, context),
    ...mountLabelSteps(config, tree),
    // A /dev from outside is somebody else's: it is not filled.
    ...(isBindMounted(config, '/dev') ? [] : deviceSteps(config, tree, userNamespace)),
    ...openTerminalSteps(config, tree, input),
    ...(namespaces.relayFlags === undefined && awaitsDevices(input) ? awaitDeviceSteps() : []),
    ...(devices.length === 0 ? loopbackSteps(namespaces.created.has('network')) : []),
    ...hostnameSteps(config),
    ...sysctlSteps(config, tree, isolated),
    // Up only now: what a neighbour sends is believed or not from the first frame.
    ...configureDeviceSteps(devices),
    ...openCoverSteps(config),
    ...hostWork,
    ...pivotSteps(config, input.noPivot),
    ...maskSteps(config),
    ...readonlyPathSteps(config),
    ...makeWorkdirSteps(config),
    ...readonlyTmpfsSteps(config, tree),
    ...readonlyRootSteps(config),
  ]
}

const isBindMounted = (config: Config, path: string): boolean =>
  (config.mounts ?? []).some((mount) => mount.destination === path && isBind(mount))

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
