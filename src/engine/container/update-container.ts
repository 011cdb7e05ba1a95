/** `update`: other limits and another restart policy for a container; where it runs, its cgroup has them at once. */
import { StateError } from '../../errors.ts'
import { applySteps } from '../../linux/apply-steps.ts'
import { fileType, writeFileAtomically } from '../../linux/file.ts'
import { readHost } from '../../linux/host.ts'
import { printStepFailure } from '../../linux/step-failure.ts'
import type { Config } from '../../oci/runtime-spec.ts'
import { cgroupSteps } from '../../plan/cgroup.ts'
import { checkResources, linuxResources, type ResourceOptions } from '../config/resources.ts'
import { countProcessors } from '../read-host-facts.ts'
import { cgroupOf } from './cgroup-of.ts'
import type { Container } from './list.ts'
import { type ContainerFolders, containerFolder, writeRecord } from './record.ts'
import { printRestartPolicy, type RestartPolicy } from './restart-policy.ts'

export interface Update {
  /** What is not in it stays as it is. */
  readonly resources: Partial<ResourceOptions>
  readonly restart?: RestartPolicy
}

/** @throws UsageError, StateError, ConfigError */
export function updateContainer(
  folders: ContainerFolders,
  container: Container,
  { resources: asked, restart }: Update,
): void {
  const { record, state } = container
  if (restart && restart.name !== 'no' && record.options.removeAfterwards) {
    throw new StateError(
      `Cannot update container ${container.id}: Restart policy cannot be updated because AutoRemove is enabled for the container`,
    )
  }
  const resources: ResourceOptions = { ...record.options.resources, ...asked }
  if (
    resources.memorySwapBytes !== undefined &&
    asked.memorySwapBytes === undefined &&
    asked.memoryBytes !== undefined
  ) {
    checkSwap(resources)
  }
  checkResources(resources)
  if (Object.keys(asked).length > 0 && state.pid !== 0) applyToCgroup(folders, container, asked, resources)
  writeRecord(folders.dataRoot, {
    ...record,
    options: { ...record.options, resources, ...(restart && { restart }) },
  })
  if (restart) {
    writeFileAtomically(
      `${containerFolder(folders.dataRoot, container.id)}/restart`,
      printRestartPolicy(restart),
    )
  }
}

/** Docker's words. */
function checkSwap({ memoryBytes = 0, memorySwapBytes = 0 }: ResourceOptions): void {
  if (memorySwapBytes > 0 && memoryBytes > memorySwapBytes) {
    throw new StateError(
      'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
    )
  }
}

function applyToCgroup(
  folders: ContainerFolders,
  { id }: Container,
  asked: Partial<ResourceOptions>,
  whole: ResourceOptions,
): void {
  const cgroup = cgroupOf(folders, id)
  const host = readHost({ ociVersion: '1.0.0', linux: {} }, '/')
  if (cgroup === undefined || !host.cgroup || fileType(cgroup) === undefined) {
    throw new StateError(`Cannot update container ${id}: it has no cgroup of its own`)
  }
  const none = { deviceReadBps: [], deviceWriteBps: [], deviceReadIops: [], deviceWriteIops: [] }
  const limits = linuxResources(
    // Memory and swap are one sum: who changes one says the other again.
    { ...none, ...asked, ...memoryOf(asked, whole) },
    { cpuCount: countProcessors(), deviceNumber: () => undefined },
    [],
  )
  const { devices: _attachedOnce, ...resources } = limits
  const config: Config = {
    ociVersion: '1.0.0',
    linux: { cgroupsPath: cgroup.slice(host.cgroup.mount.length), resources },
  }
  const steps = cgroupSteps(config, { ...host, cgroupBpf: false }, true)
  const failed = applySteps(steps)
  if (!failed) return
  const { text } = printStepFailure({ plan: { host: steps, container: [], cleanup: [] }, ...failed, config })
  throw new StateError(text.trimEnd().replace(/^tinyctr: /, ''))
}

const memoryOf = (asked: Partial<ResourceOptions>, whole: ResourceOptions): Partial<ResourceOptions> =>
  asked.memoryBytes === undefined && asked.memorySwapBytes === undefined
    ? {}
    : { memoryBytes: whole.memoryBytes, memorySwapBytes: whole.memorySwapBytes }
