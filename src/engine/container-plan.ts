/**
 * Everything one container needs of its engine, around the plan of its config: a state folder that names what to clean,
 * a writable layer, the files of /etc. The input is plain JSON, so that a failed start can be compiled again from what
 * travelled with it (plan/wire.ts, `source`).
 */

import { O } from '../linux/abi/arch.ts'
import { AT, LOCK } from '../linux/abi/flags.ts'
import { type Config, OCI_VERSION } from '../oci/runtime-spec.ts'
import { compilePlan, type PlanInput } from '../plan/compile.ts'
import type { MonitorOptions, Stream } from '../plan/detached.ts'
import type { Host } from '../plan/host.ts'
import type { Overlay } from '../plan/rootfs.ts'
import { call, composed, each, type Plan, type Step, slot } from '../plan/step.ts'
import { layerSteps, type RecordInput, recordSteps, removeLayerSteps } from './container/record-steps.ts'
import { joinCniSteps } from './network/cni/steps.ts'
import type { ContainerNetwork } from './network/container-network.ts'
import { leaveSteps } from './network/leave-steps.ts'

export interface ContainerPlanInput {
  readonly config: Config
  readonly host: Host
  readonly bundle: string
  /** The container's folder below `--root`. */
  readonly stateFolder: string
  /**
   * What the next command must remove if this one is killed: the cgroup, then the container's folder, a line each. The
   * third line says whether the folder is to be kept: then it goes only if it is not whole yet. More lines: volumes.
   */
  readonly journal: string
  /** Files to write into the state folder, by name. */
  readonly files: Readonly<Record<string, string>>
  /** The folder of the writable layer, below `--data-root`; and the layers under it, top first. */
  readonly layer?: { readonly folder: string; readonly lower: readonly string[]; readonly userxattr: boolean }
  /** What is kept of the container, in the layer's folder. */
  readonly record?: RecordInput
  /** Without it the executor itself waits, and the container has the caller's streams. */
  readonly monitor?: MonitorOptions
  readonly pipes?: readonly Stream[]
  /** Removes a tree whose files have ids that are not ours (remove-mapped.ts), when its path is added. */
  readonly removeMapped?: readonly string[]
  /** Folders of volumes that nobody named: they go with the container. */
  readonly volumes?: readonly string[]
  readonly network?: Pick<ContainerNetwork, 'devices' | 'state' | 'program'>
  /** Gives it its place on a CNI network, when its folder is added. */
  readonly joinNetworks?: readonly string[]
  /** Takes its names out of its neighbours' files, when its folder is added. */
  readonly leaveNetworks?: readonly string[]
  readonly init?: boolean
  readonly stdin?: 'null'
}

/** @param seccompFilter `config.linux.seccomp` compiled, when it is at hand */
export function containerPlan(input: ContainerPlanInput, seccompFilter?: Uint8Array): Plan {
  const { config, host, bundle, layer, stateFolder } = input
  const overlay: Overlay | undefined = layer && {
    lower: layer.lower,
    upper: `${layer.folder}/upper`,
    work: `${layer.folder}/work`,
    userxattr: layer.userxattr,
  }
  return compilePlan({
    config,
    host,
    bundle,
    before: [...stateSteps(input), ...layerSteps(input), ...recordSteps(input), ...joinCniSteps(input)],
    after: removeSteps(input),
    dieWithParent: true,
    keyring: true,
    atFirst: [
      call('close', [STATE], {
        why: 'the lock is the monitor’s: when it is killed, whoever comes next must find it free',
        at: '--root',
      }),
    ],
    hookState: {
      ociVersion: OCI_VERSION,
      id: stateFolder.slice(stateFolder.lastIndexOf('/') + 1),
      bundle,
      ...(config.annotations ? { annotations: { ...config.annotations } } : {}),
    },
    ...(overlay ? { overlay } : {}),
    ...(seccompFilter ? { seccompFilter } : {}),
    ...(input.init ? { init: true } : {}),
    ...(input.stdin ? { stdin: input.stdin } : {}),
    ...(input.pipes ? { pipes: input.pipes } : {}),
    ...networkOf(input.network),
  })
}

/** A program publishes its own ports, and so do plugins. */
function networkOf(
  network: ContainerPlanInput['network'],
): Pick<PlanInput, 'devices' | 'ports' | 'networkProgram'> {
  if (!network) return {}
  if (network.program) return { networkProgram: network.program }
  if (network.state.cni) return {}
  return { devices: network.devices, ports: network.state.ports }
}

const STATE = slot('state')
/** Filled by the steps that make them: what was not made here is somebody else's, and not ours to remove. */
const OWN_STATE = slot('own_state')

/** Locked as long as the monitor lives: an unlocked folder is a dead container's, and its journal says what is left. */
function stateSteps({ config, layer, stateFolder, journal, files }: ContainerPlanInput): Step[] {
  const at = '--root'
  const named = { journal, ...files }
  const names = Object.keys(named)
  const opened = each(names.map((name) => slot(`file_${name.replaceAll('.', '_')}`)))
  return [
    layer
      ? call(
          'mkdirat',
          [AT.FDCWD, each([stateFolder, config.root?.path ?? `${stateFolder}/rootfs`]), each([0o700, 0o755])],
          {
            into: each([OWN_STATE, slot('mount_point')]),
            why: 'the state of this container, and in it the folder to mount its root on',
            at,
          },
        )
      : call('mkdirat', [AT.FDCWD, stateFolder, 0o700], {
          into: OWN_STATE,
          why: 'the state of this container',
          at,
        }),
    call('openat', [AT.FDCWD, stateFolder, O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0], {
      into: STATE,
      why: 'to hold a lock on',
      at,
    }),
    call('flock', [STATE, LOCK.EX], { why: 'whoever finds it unlocked cleans up after us', at }),
    call('openat', [STATE, each(names), O.WRONLY | O.CREAT | O.EXCL | O.CLOEXEC, 0o644], {
      into: opened,
      why: 'what there is to clean up, and the files of /etc',
      at,
    }),
    call('write', [opened, each(names.map((name) => named[name as keyof typeof named]))], {
      why: 'their text',
      at,
    }),
  ]
}

function removeSteps(input: ContainerPlanInput): Step[] {
  return [
    ...leaveSteps(input, OWN_STATE),
    ...removeVolumeSteps(input),
    ...removeLayerSteps(input),
    composed('remove_tree', [input.stateFolder, OWN_STATE], {
      why: 'last: while it stands, there is something to clean',
      at: '--root',
    }),
  ]
}

function removeVolumeSteps({ volumes = [], removeMapped }: ContainerPlanInput): Step[] {
  const at = '--volume'
  const why = 'a volume that nobody named'
  return volumes.flatMap((folder) => [
    ...(removeMapped ? [composed('spawn', [[...removeMapped, folder], OWN_STATE], { why, at })] : []),
    composed('remove_tree', [folder, OWN_STATE], { why, at }),
  ])
}
