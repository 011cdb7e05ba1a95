/**
 * Bind mounts that are cloned in the host half and only attached by the container: those with an id map of their own,
 * and all of a container with users of its own, whose root may not enter every folder on the way to a source.
 */
import type { Slot } from '../linux/abi/kinds.ts'
import type { Config, Mount } from '../oci/runtime-spec.ts'
import { cloneTree, sourceOf } from './bind-source.ts'
import type { Host } from './host.ts'
import { idmappedMountSteps, isIdmapped } from './idmap.ts'
import { isBind, parseMountOptions } from './mount-options.ts'
import { rootOf } from './rootfs.ts'
import { type Step, slot } from './step.ts'

export interface PreparedMounts {
  readonly steps: readonly Step[]
  /** The slots that hold them, by index of config.mounts. */
  readonly prepared: ReadonlyMap<number, Slot>
}

export function preparedMountSteps(config: Config, host: Host, bundle: string): PreparedMounts {
  const prepared = new Map<number, Slot>()
  const ownUsers = config.linux?.namespaces?.some(({ type }) => type === 'user') ?? false
  const steps = (config.mounts ?? []).flatMap((mount, i): Step[] => {
    const at = `/mounts/${i}`
    if (isIdmapped(mount, at)) {
      const tree = slot(`idmapped_${i}`)
      prepared.set(i, tree)
      return idmappedMountSteps(config, mount, tree, i, host, bundle)
    }
    if (!ownUsers || !mayClone(mount, config, host, bundle, at)) return []
    const tree = slot(`source_${i}`)
    prepared.set(i, tree)
    return cloneTree(sourceOf(mount, bundle), parseMountOptions(mount.options, at), tree, at)
  })
  return { steps, prepared }
}

/** What lies in the root is what earlier mounts make of it; without privilege nobody may clone out here. */
function mayClone(mount: Mount, config: Config, host: Host, bundle: string, at: string): boolean {
  if (host.euid !== 0 || !isBind(mount) || parseMountOptions(mount.options, at).tmpcopyup) return false
  const source = sourceOf(mount, bundle)
  return host.sources[source] !== 'missing' && !source.startsWith(`${rootOf(config, bundle)}/`)
}
