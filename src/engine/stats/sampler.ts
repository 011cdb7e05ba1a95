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
import { cpuMicrosecondsOf, processesOf, readUsageOf } from './process-usage.ts'

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
      const { pid } = container.state
      if (pid === 0) continue
      const cgroup = this.cgroup(container)
      const microseconds =
        cgroup === undefined ? cpuMicrosecondsOf(processesOf(pid)) : readCpuMicroseconds(cgroup)
      this.before.set(keyOf(container), { microseconds, at: performance.now() })
      isNew = true
    }
    return isNew
  }

  sample(container: Container): Sample {
    const { pid } = container.state
    if (pid === 0) return { container, usage: undefined, cpuPercent: 0 }
    const cgroup = this.cgroup(container)
    const usage =
      cgroup === undefined ? readUsageOf(pid, this.accounting) : readUsage(cgroup, pid, this.accounting)
    const now = { microseconds: usage.cpuMicroseconds, at: performance.now() }
    const before = this.before.get(keyOf(container))
    this.before.set(keyOf(container), now)
    const elapsed = before === undefined ? 0 : (now.at - before.at) * 1000
    const used = before === undefined ? 0 : now.microseconds - before.microseconds
    return { container, usage, cpuPercent: elapsed > 0 ? Math.max(0, (used / elapsed) * 100) : 0 }
  }

  private cgroup(container: Container): string | undefined {
    const key = keyOf(container)
    const known = this.cgroups.get(key) ?? cgroupOf(container.state.pid, container.id, this.accounting)
    if (known !== undefined) this.cgroups.set(key, known)
    return known
  }
}

/** A container that was started again counts from 0. */
const keyOf = ({ id, state }: Container): string => `${id} ${state.pid}`
