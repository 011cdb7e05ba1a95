/** Which virtual machine this host can have: with the hardware's help, else the kernel that is a program, else emulated. */
import { UsageError } from '../../errors.ts'
import { HYPERVISORS, type Hypervisor, type HypervisorKind } from './machine.ts'
import { findQemu } from './qemu.ts'
import { findUml } from './uml.ts'

/** Fastest first. */
export function findHypervisors(): Hypervisor[] {
  const uml = findUml()
  return [...findQemu(), ...(uml ? [uml] : [])].sort(
    (a, b) => HYPERVISORS.indexOf(a.kind) - HYPERVISORS.indexOf(b.kind),
  )
}

const CURE = {
  any: 'apt-get install user-mode-linux (or qemu-system-x86 and linux-image-amd64)',
  uml: 'apt-get install user-mode-linux',
  kvm: 'it needs a /dev/kvm that runs any kernel, and apt-get install qemu-system-x86 linux-image-amd64',
  emulation: 'apt-get install qemu-system-x86 linux-image-amd64',
} as const

/** @throws UsageError that names the package */
export function requireHypervisor(purpose: string, kind?: HypervisorKind): Hypervisor {
  const all = findHypervisors()
  const found = kind === undefined ? all[0] : all.find((one) => one.kind === kind)
  if (found) return found
  const what = kind === undefined ? 'no virtual machine' : `no virtual machine of this kind (${kind})`
  throw new UsageError(`Cannot ${purpose}: there is ${what} on this host: ${CURE[kind ?? 'any']}`)
}
