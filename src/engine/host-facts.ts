/** What the config of a container needs to know of its host; read by the caller, so that the rest stays pure. */
import type { Device, IDMapping } from '../oci/runtime-spec.ts'
import type { ResourceOptions } from './config/resources.ts'
import type { RunOptions } from './run-options.ts'

export interface HostFacts {
  hostname: string
  cpuCount: number
  /** /proc/sys/kernel/cap_last_cap. */
  lastCapability: number
  /** What we may hand on, a bit each; read only where "all capabilities" are asked for. */
  heldCapabilities?: bigint
  /** Not root: there must be a user namespace. */
  rootless: boolean
  /** For a user namespace: from subuid(5) and subgid(5), or the one id of the caller. */
  idMappings?: { uid: IDMapping[]; gid: IDMapping[] }
  /** The network namespace to enter, where it is somebody else's. */
  networkNamespace?: string
  /** The same of `--pid container:NAME`. */
  pidNamespace?: string
  /** And the user namespace that it belongs to, where that is not ours. */
  userNamespace?: string
  /** Whether the host has its own POSIX message queues at /dev/mqueue, to share with `--ipc host`. */
  hasMqueue?: boolean
  /** Those /sys/devices/system/cpu/cpu*\/thermal_throttle that exist. */
  thermalThrottlePaths: readonly string[]
  /** What is at each of `devicePaths(options)`: one device, or all those in a folder, by their paths on the host. */
  devicesAt: ReadonlyMap<string, readonly Device[]>
  /** For `--privileged`: every device of the host's /dev but terminals and mqueue. */
  allDevices: readonly Device[]
}

const ratesOf = (resources: ResourceOptions) => [
  ...resources.deviceReadBps,
  ...resources.deviceWriteBps,
  ...resources.deviceReadIops,
  ...resources.deviceWriteIops,
]

/** The paths the caller must look at to fill `devicesAt`. */
export const devicePaths = ({ devices, resources }: RunOptions): string[] => [
  ...new Set([...devices.map(({ host }) => host), ...ratesOf(resources).map(({ path }) => path)]),
]

/** Where the caller has put, or will put, what belongs to one container. */
export interface ContainerPaths {
  rootfs: string
  hosts: string
  hostname: string
  resolvConf: string
  cgroup: string
}
