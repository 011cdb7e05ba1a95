/** CPU use is a difference: each sample is compared with the one before. */
import type { Container } from '../container/list.ts'
import {
  type Accounting,
  cgroupOf,
  readAccounting,
  readCpuMicroseconds,
  readUsage,
  type Usage,
} from './cgroup-usage.ts'

export interface Sample {
  readonly container: Container
  /** Undefined: it does not run. */
  readonly usage: Usage | undefined
  /** Of one processor. */
  readonly cpuPercent: number
}

interface Reading {
  readonly microseconds: number
  readonly at: number
}

export class Sampler {
  readonly accounting: Accounting = readAccounting()
  private readonly before = new Map<string, Reading>()
  private readonly cgroups = new Map<string, string>()

  /** The first readings of those that have none: what the next sample is compared with. @returns whether there are any */
  begin(containers: readonly Container[]): boolean {
    let isNew = false
    for (const container of containers) {
      if (this.before.has(keyOf(container))) continue
      const cgroup = this.cgroup(container)
      if (cgroup === undefined) continue
      this.before.set(keyOf(container), { microseconds: readCpuMicroseconds(cgroup), at: performance.now() })
      isNew = true
    }
    return isNew
  }

  sample(container: Container): Sample {
    const cgroup = this.cgroup(container)
    if (cgroup === undefined) return { container, usage: undefined, cpuPercent: 0 }
    const usage = readUsage(cgroup, container.state.pid, this.accounting)
    const now = { microseconds: usage.cpuMicroseconds, at: performance.now() }
    const before = this.before.get(keyOf(container))
    this.before.set(keyOf(container), now)
    const elapsed = before === undefined ? 0 : (now.at - before.at) * 1000
    const used = before === undefined ? 0 : now.microseconds - before.microseconds
    return { container, usage, cpuPercent: elapsed > 0 ? Math.max(0, (used / elapsed) * 100) : 0 }
  }

  private cgroup(container: Container): string | undefined {
    const { pid } = container.state
    if (pid === 0) return undefined
    const key = keyOf(container)
    const known = this.cgroups.get(key) ?? cgroupOf(pid, this.accounting)
    if (known !== undefined) this.cgroups.set(key, known)
    return known
  }
}

/** A container that was started again counts from 0. */
const keyOf = ({ id, state }: Container): string => `${id} ${state.pid}`
