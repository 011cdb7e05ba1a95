/** What a plan must know of the machine it is for. Read by linux/host.ts; here it is only data, so compile stays pure. */
import type { Architecture } from '../linux/abi/arch.ts'
import type { DeviceAddress } from './network-device.ts'

export interface Host {
  readonly architecture: Architecture
  /** Major and minor version of the kernel. */
  readonly kernel: readonly [major: number, minor: number]
  readonly euid: number
  readonly egid: number
  /** Where cgroup v2 is mounted; undefined where it is not, or not ours to write. */
  readonly cgroup: HostCgroup | undefined
  /** What the sources of bind mounts are, by path; `missing` where there is nothing. */
  readonly sources: Readonly<Record<string, 'directory' | 'file' | 'missing'>>
  /** Those of `linux.netDevices` that exist. */
  readonly netDevices?: Readonly<
    Record<string, { readonly index: number; readonly addresses: readonly DeviceAddress[] }>
  >
  /** Security modules in force, where the config has a label for one. */
  readonly securityModules?: readonly string[]
  /** The resctrl filesystem, where the config has a wish for it and the machine has one. */
  readonly resctrl?: Resctrl
  /** The file descriptor limits that a container inherits when its config names none: the caller's own. */
  readonly nofile: { readonly soft: number; readonly hard: number }
  /** We are in a user namespace already, as engines without root are: root of it is not root of the machine. */
  readonly inUserNamespace?: true
  /** The kernel can attach eBPF programs to cgroups (CONFIG_CGROUP_BPF). */
  readonly cgroupBpf: boolean
}

export interface Resctrl {
  readonly mount: string
  /** The schemata of the groups that there are, by name; `/`: of the root. */
  readonly groups: Readonly<Record<string, string>>
}

export interface HostCgroup {
  /** `/sys/fs/cgroup`, or `/sys/fs/cgroup/unified` on a hybrid host. */
  readonly mount: string
  /** The v2 controllers that may be enabled, from `cgroup.controllers`. */
  readonly controllers: readonly string[]
  /** The controllers that this host binds to cgroup v1. */
  readonly v1Controllers: readonly string[]
}

export const kernelAtLeast = (host: Host, major: number, minor: number): boolean =>
  host.kernel[0] > major || (host.kernel[0] === major && host.kernel[1] >= minor)
