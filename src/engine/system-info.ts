/** What `info` says of this machine and of what tinyctr has on it (moby api/types/system.Info, as far as it applies). */
import { cpus, hostname, release, totalmem } from 'node:os'
import { readTextIfAny } from '../linux/file.ts'
import { type Container, listContainers } from './container/list.ts'
import { readAccounting } from './stats/cgroup-usage.ts'

export interface SystemInfo {
  readonly containers: {
    readonly total: number
    readonly running: number
    readonly paused: number
    readonly stopped: number
  }
  readonly cgroupVersion: string
  readonly controllers: { readonly memory: boolean; readonly io: boolean; readonly pids: boolean }
  readonly kernel: string
  readonly operatingSystem: string
  readonly processors: number
  readonly memoryBytes: number
  readonly hostname: string
  readonly rootless: boolean
}

export function readSystemInfo(dataRoot: string): SystemInfo {
  const all = listContainers(dataRoot)
  const count = (holds: (status: Container['state']['status']) => boolean): number =>
    all.filter(({ state }) => holds(state.status)).length
  const running = count((status) => status === 'running' || status === 'restarting')
  const paused = count((status) => status === 'paused')
  const { memory, io, pids } = readAccounting()
  return {
    containers: { total: all.length, running, paused, stopped: all.length - running - paused },
    cgroupVersion: '2',
    controllers: { memory, io, pids },
    kernel: release(),
    operatingSystem: /^PRETTY_NAME="?(.*?)"?$/m.exec(readTextIfAny('/etc/os-release') ?? '')?.[1] ?? 'Linux',
    processors: cpus().length,
    memoryBytes: totalmem(),
    hostname: hostname(),
    rootless: process.geteuid?.() !== 0,
  }
}
