/**
 * What `run` was asked for, as values: bytes are numbers, names are checked, nothing is text that still has to be
 * parsed. The command line makes it (cli/run-options.ts); the config of the container is made from it
 * (container-config.ts). Fields that are
 * undefined were not asked for.
 */
import type { Rlimit } from '../oci/runtime-spec.ts'
import type { Skip } from '../plan/step.ts'
import type { DeviceRequest } from './config/device-flag.ts'
import type { MountRequest } from './config/mount-request.ts'
import type { ResourceOptions } from './config/resources.ts'
import type { HealthOptions } from './container/health-options.ts'
import type { LogOptions } from './container/log-options.ts'
import type { RestartPolicy } from './container/restart-policy.ts'
import type { EndpointRequest } from './network/network-flag.ts'
import type { PortRequest } from './network/port-flag.ts'

/** How a namespace is come by: the host's, or a new one. */
export type NamespaceMode = 'host' | 'private'

export interface SecurityOptions {
  /** `profile`: the parsed JSON of a seccomp profile in Docker's format, and where it came from. */
  seccomp: 'default' | 'unconfined' | { path: string; profile: unknown }
  noNewPrivileges: boolean
  apparmor?: string | undefined
  /** `systempaths=unconfined`: no masked and no read-only paths. */
  unmaskedPaths: boolean
}

export interface RunOptions {
  image: string
  /** What stood after IMAGE. Empty: the image's Cmd. */
  command: string[]
  /** `''` takes the image's entrypoint away. */
  entrypoint?: string | undefined
  name?: string | undefined
  platform?: string | undefined
  pull: 'always' | 'missing' | 'never'
  /** No progress while pulling. */
  quiet: boolean

  removeAfterwards: boolean
  interactive: boolean
  terminal: boolean
  init: boolean
  stopSignal?: string | undefined
  stopTimeoutSeconds?: number | undefined
  restart: RestartPolicy
  log: LogOptions
  /** Over what the image says. */
  health?: HealthOptions | undefined

  /** `NAME=value`, or a bare `NAME` that removes the image's variable. */
  environment: string[]
  /** `USER[:GROUP]`, resolved in the image later (user.ts). */
  user?: string | undefined
  groupAdd: string[]
  workdir?: string | undefined
  labels: Record<string, string>
  annotations: Record<string, string>

  hostname?: string | undefined
  domainname?: string | undefined
  extraHosts: [name: string, address: string][]
  dns: { servers: string[]; search: string[]; options: string[] }
  /** Docker's mode: `none`, `host`, `container:NAME`, `ns:PATH`, or the first network it hangs on. */
  network: string
  /** The networks it hangs on; empty for the other modes. */
  endpoints: EndpointRequest[]
  ports: PortRequest[]
  /** Every port that the image or `--expose` names gets a free one of the host. */
  publishAll: boolean
  /** As `80/tcp`. */
  expose: string[]
  /** Bytes a second, each way, and how many at once. */
  networkRate?: number | undefined
  networkBurst?: number | undefined

  pid: NamespaceMode | `container:${string}`
  ipc: NamespaceMode | 'shareable' | 'none'
  uts: NamespaceMode
  cgroupns: NamespaceMode
  /** Absent: private where it must be (not root), else the host's. */
  userns?: NamespaceMode | undefined

  readonlyRootfs: boolean
  mounts: MountRequest[]
  /** `CONTAINER[:ro|rw]`, whose mounts come along. */
  volumesFrom: string[]
  shmSizeBytes: number
  devices: DeviceRequest[]

  capAdd: string[]
  capDrop: string[]
  privileged: boolean
  security: SecurityOptions

  ulimits: Rlimit[]
  sysctls: Record<string, string>
  resources: ResourceOptions
  oomScoreAdj?: number | undefined
  cgroupParent?: string | undefined

  lab: LabOptions
}

/** tinyctr's own flags: how the plan is executed. */
export interface LabOptions {
  step: boolean
  /** Steps to leave out. */
  skip: Skip[]
  executor: 'native' | 'ffi'
  /** Without `--no-cgroup`. */
  cgroup: boolean
}

/** `--bundle DIR [ID]`: a bare OCI bundle, whose config.json says everything. */
export interface BundleOptions {
  bundle: string
  id?: string | undefined
  lab: LabOptions
}

export type RunRequest = { from: 'image'; options: RunOptions } | { from: 'bundle'; options: BundleOptions }

export const defaultShmSizeBytes = 64 * 1024 * 1024
