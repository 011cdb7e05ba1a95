/** `linux.resources` of config.json, or of `update --resources FILE`: config-linux.md, "Control groups". */
import { pointer } from './mismatch.ts'
import { refuse } from './refuse.ts'
import type { Resources } from './runtime-spec.ts'

/** @param at JSON pointer of the resources */
export function checkResources(resources: Resources, at: string): void {
  const { cpu, blockIO } = resources
  if (cpu?.quota !== undefined && cpu.quota > 0 && (cpu.burst ?? 0) > cpu.quota) {
    refuse(`${at}/cpu/burst`, `at most the quota, ${cpu.quota},`, cpu.burst)
  }
  blockIO?.weightDevice?.forEach(({ weight, leafWeight }, index) => {
    if (weight === undefined && leafWeight === undefined) {
      refuse(`${at}/blockIO/weightDevice/${index}/weight`, 'a weight or a leafWeight')
    }
  })
  const devices = resources.devices ?? []
  for (let index = 0; index < devices.length; index++) {
    const { access } = devices[index]!
    if (access !== undefined && access !== 'rwm' && !/^[rwm]*$/.test(access)) {
      refuse(`${at}/devices/${index}/access`, 'a composition of r, w and m', access)
    }
  }
  for (const name in resources.rdma) {
    const limits = resources.rdma[name]!
    if (limits.hcaHandles === undefined && limits.hcaObjects === undefined) {
      refuse(at + pointer(['rdma', name]), 'hcaHandles or hcaObjects')
    }
  }
  for (const name in resources.unified) {
    // A file of the container's cgroup, never of another one.
    if (!/^[a-z0-9_]+(\.[A-Za-z0-9_-]+)+$/.test(name)) {
      refuse(at + pointer(['unified', name]), 'the name of a cgroup file such as memory.high', name)
    }
  }
}
