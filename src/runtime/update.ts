/** `update`: other limits for a container that exists. They are set by the steps that set the first ones. */
import { StateError } from '../errors.ts'
import { applySteps } from '../linux/apply-steps.ts'
import { readTextIfAny, writeFileAtomically } from '../linux/file.ts'
import { readHost } from '../linux/host.ts'
import { printStepFailure } from '../linux/step-failure.ts'
import type { Config, Resources } from '../oci/runtime-spec.ts'
import { cgroupSteps } from '../plan/cgroup.ts'
import { scopeLimitSteps } from '../plan/cgroup-scope.ts'
import { readConfig } from './saved-config.ts'
import { type ContainerState, lockContainer, readContainer } from './state.ts'
import { statusOf } from './status.ts'

/** @param asked what is not in it, or 0, stays as it is. @throws StateError, ConfigError */
export async function update(root: string, id: string, asked: Resources): Promise<void> {
  const lock = lockContainer(readContainer(root, id).folder)
  try {
    const container = readContainer(root, id)
    const { folder, state } = container
    if (statusOf(container) === 'stopped') throw new StateError('container not running')
    if (state.cgroup === undefined)
      throw new StateError(
        `container ${id} has no cgroup to limit: this host has no cgroup v2 that we may write`,
      )
    const config = readConfig(folder)
    const resources = merge(readResources(folder, config), asked)
    checkUsage(state.cgroup, asked)
    if (state.scope)
      (await import('./systemd/scope.ts')).updateScope(state.scope, config.ociVersion, resources)
    apply(config, state, resources)
    writeFileAtomically(`${folder}/resources`, JSON.stringify(resources))
  } finally {
    lock.close()
  }
}

/** As they are now. */
function readResources(folder: string, config: Config): Resources {
  const saved = readTextIfAny(`${folder}/resources`)
  if (saved !== undefined) return JSON.parse(saved) as Resources
  // The device filter is attached once.
  const { devices: _attached, ...resources } = config.linux?.resources ?? {}
  return resources
}

/** runc's rule: 0 and nothing mean "as it is". A lifted memory limit lifts that of the swap with it. */
function merge(old: Resources, asked: Resources): Resources {
  const memory = given(asked.memory)
  const liftsSwap = memory.limit === -1 && memory.swap === undefined && old.memory?.swap !== undefined
  const merged: Resources = {
    ...old,
    memory: { ...old.memory, ...memory, ...(liftsSwap ? { swap: -1 } : {}) },
    cpu: { ...old.cpu, ...given(asked.cpu) },
    blockIO: { ...old.blockIO, ...given(asked.blockIO) },
    unified: { ...old.unified, ...asked.unified },
  }
  if (asked.pids?.limit) merged.pids = asked.pids
  if (asked.hugepageLimits) merged.hugepageLimits = asked.hugepageLimits
  if (asked.rdma) merged.rdma = asked.rdma
  return merged
}

const given = <T extends object>(values: T | undefined): Partial<T> =>
  Object.fromEntries(
    Object.entries(values ?? {}).filter(
      ([key, value]) => value !== 0 || key === 'idle' || key === 'burst',
    ) as [string, unknown][],
  ) as Partial<T>

function checkUsage(cgroup: string, { memory }: Resources): void {
  if (!memory?.checkBeforeUpdate || !memory.limit || memory.limit < 0) return
  const used = Number(readTextIfAny(`${cgroup}/memory.current`) ?? 0)
  if (used > memory.limit)
    throw new StateError(`cannot set the memory limit to ${memory.limit}: ${used} bytes are in use`)
}

/** An idle cgroup has no weight; it has its own again when it is idle no more. */
const withoutIdleWeight = ({ cpu: { shares: _, ...cpu } = {}, ...resources }: Resources): Resources => ({
  ...resources,
  cpu,
})

function apply(config: Config, { cgroup = '', scope }: ContainerState, wanted: Resources): void {
  const resources = wanted.cpu?.idle === 1 ? withoutIdleWeight(wanted) : wanted
  const host = readHost({ ociVersion: config.ociVersion, linux: {} }, '/')
  if (!host.cgroup) throw new StateError('there is no cgroup v2 here that we may write')
  const changed: Config = {
    ociVersion: config.ociVersion,
    linux: { cgroupsPath: cgroup.slice(host.cgroup.mount.length), resources },
  }
  const withoutDevices = { ...host, cgroupBpf: false }
  const steps = scope ? scopeLimitSteps(changed, withoutDevices) : cgroupSteps(changed, withoutDevices, true)
  const failed = applySteps(steps)
  if (!failed) return
  const plan = { host: steps, container: [], cleanup: [] }
  const { text } = printStepFailure({ plan, ...failed, config: changed })
  throw new StateError(text.trimEnd().replace(/^tinyctr: /, ''))
}
