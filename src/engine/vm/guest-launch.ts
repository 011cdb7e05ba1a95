/**
 * A container's launch, made for another kernel: the plan that would have run here runs in a machine. Paths of this host
 * become paths of the machine, and so do its kernel and its control groups. Nothing else changes: that is what makes a
 * container in a machine the same container.
 */
import type { Config } from '../../oci/runtime-spec.ts'
import type { Host } from '../../plan/host.ts'
import type { ContainerPlanInput } from '../container-plan.ts'
import type { Launch } from '../launch.ts'
import { type Hypervisor, kernelVersion, type Share } from './machine.ts'

const STATE = '/run/container'
const LAYER = '/writable/container'
const CGROUPS = '/sys/fs/cgroup'

export interface GuestLaunch {
  readonly launch: Launch
  readonly shares: readonly Share[]
  /** The image's folders on this host, top first. */
  readonly lower: readonly string[]
}

export function guestLaunch(launch: Launch, { release, controllers }: Hypervisor): GuestLaunch {
  const { layer, stateFolder, files, init, stdin } = launch.input
  const shares: Share[] = []
  const config = JSON.parse(
    JSON.stringify(launch.input.config).replaceAll(`"${stateFolder}/`, `"${STATE}/`),
  ) as Config
  const sources: Record<string, 'directory' | 'file' | 'missing'> = {}
  for (const name of Object.keys(files)) sources[`${STATE}/${name}`] = 'file'
  for (const mount of config.mounts ?? []) {
    const { source } = mount
    const isBind = mount.options?.some((option) => option === 'bind' || option === 'rbind')
    if (!isBind || source === undefined || source.startsWith(`${STATE}/`)) continue
    const inside = `/share/${shares.length}`
    shares.push({ source, readonly: mount.options?.includes('ro') ?? false })
    sources[inside] = launch.input.host.sources[source] ?? 'directory'
    mount.source = inside
  }
  withoutUserNamespace(config)
  const host: Host = {
    ...launch.input.host,
    kernel: kernelVersion(release),
    euid: 0,
    egid: 0,
    cgroup: { mount: CGROUPS, controllers, v1Controllers: [] },
    sources,
    cgroupBpf: false,
  }
  const input: ContainerPlanInput = {
    config,
    host,
    bundle: '/',
    stateFolder: STATE,
    journal: `\n${LAYER}\n`,
    files,
    layer: { folder: LAYER, lower: ['/lower'], userxattr: false },
    ...(init ? { init } : {}),
    ...(stdin ? { stdin } : {}),
  }
  return { launch: { ...launch, input }, shares, lower: layer?.lower ?? [] }
}

/** Root of a machine needs no namespace to be root: the machine is somebody else's already. */
function withoutUserNamespace({ linux }: Config): void {
  if (!linux) return
  linux.namespaces = (linux.namespaces ?? []).filter(({ type }) => type !== 'user')
  delete linux.uidMappings
  delete linux.gidMappings
}
