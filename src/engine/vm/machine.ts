/**
 * A virtual machine as it is asked for: a kernel of its own, a read-only tree, folders of the host, one program. What
 * boots it is a hypervisor; all of them give the machine the same tree as its `/`, so that one first process
 * (native/guest.c) serves them all.
 */

/** A file of the host, or what stands in it. */
export type Placed = { readonly path: string } | string | Uint8Array

export interface Share {
  /** A folder or file of the host; inside it is `/share/N`, counted from 0. */
  readonly source: string
  readonly readonly: boolean
}

export interface MachineSpec {
  /** On the host, and the caller's to remove: `log` is what its kernel says. */
  readonly folder: string
  /** Folders of the host, top first, that are `/lower` inside: one read-only tree. */
  readonly lower: readonly string[]
  /** With all that is mounted below it: of a tree that is the host's own. */
  readonly withMounts?: boolean
  readonly shares: readonly Share[]
  /** Files below `/boot` inside; `plan` is descriptor 3 of the program. */
  readonly files: Readonly<Record<string, Placed>>
  readonly program: readonly string[]
  /** Whether the program has a terminal, or three pipes. */
  readonly terminal: boolean
  readonly memoryMiB: number
}

export const HYPERVISORS = ['kvm', 'uml', 'emulation'] as const
export type HypervisorKind = (typeof HYPERVISORS)[number]

/** Descriptors of the hypervisor's program: the machine's channel, and where its kernel and itself complain. */
export const CHANNEL = 10

export interface Hypervisor {
  readonly kind: HypervisorKind
  /** For people: what this machine is. */
  readonly title: string
  /** Of the kernel that it boots. */
  readonly release: string
  /** Control group controllers of that kernel. */
  readonly controllers: readonly string[]
  /** Files that have to be on this host for it. */
  readonly installed: readonly string[]
  /** Devices of the host that it works with, beside what every program has. */
  readonly devices: readonly string[]
  /** What it needs beside the machine's own tree, by the path where it looks for it. */
  readonly files: () => Readonly<Record<string, Placed>>
  /** Kernel modules for the machine's tree, each after those that it needs: paths of the host. */
  readonly modules: readonly string[]
  readonly command: (spec: MachineSpec) => string[]
}

export const kernelVersion = (release: string): [number, number] => {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10))
  return [major, minor]
}
