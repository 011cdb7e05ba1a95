/** A process as /proc tells of it: namespaces, rights, limits, mounts. Against process 1's it is what isolates it. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { CAPABILITIES } from '../../linux/abi/capability.ts'

export const KINDS = ['user', 'pid', 'mnt', 'net', 'uts', 'ipc', 'cgroup', 'time'] as const

export interface ProcessView {
  readonly pid: number
  readonly command: string
  readonly namespaces: Readonly<Record<string, string>>
  readonly capabilities: readonly string[]
  readonly bounding: readonly string[]
  readonly seccomp: string
  readonly seccompFilters: number
  readonly noNewPrivileges: boolean
  readonly user: string
  readonly cgroup: string
  readonly securityLabel: string
  readonly root: string
  readonly mounts: readonly string[]
  readonly limits: Readonly<Record<string, string>>
  readonly hostName: string
}

export function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/\n$/, '')
  } catch {
    return ''
  }
}

export function readLink(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return '?'
  }
}

export const processes = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

const SECCOMP = ['off', 'strict', 'filter']

export function readProcess(pid: number): ProcessView {
  const status = read(`/proc/${pid}/status`)
  const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? ''
  return {
    pid,
    command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() || read(`/proc/${pid}/comm`),
    namespaces: Object.fromEntries(
      KINDS.map((kind) => [kind, /\[(\d+)\]/.exec(readLink(`/proc/${pid}/ns/${kind}`))?.[1] ?? '?']),
    ),
    capabilities: capabilityNames(field('CapEff')),
    bounding: capabilityNames(field('CapBnd')),
    seccomp: SECCOMP[Number(field('Seccomp'))] ?? '?',
    seccompFilters: Number(field('Seccomp_filters') || 0),
    noNewPrivileges: field('NoNewPrivs') === '1',
    user: field('Uid').split(/\s+/)[1] ?? '?',
    cgroup: cgroupOf(pid),
    securityLabel: read(`/proc/${pid}/attr/current`).replaceAll('\0', '') || 'none',
    root: readLink(`/proc/${pid}/root`),
    mounts: mountsOf(pid),
    limits: limitsOf(pid),
    hostName: read(`/proc/${pid}/root/proc/sys/kernel/hostname`),
  }
}

function capabilityNames(mask: string): string[] {
  const bits = BigInt(`0x${mask || '0'}`)
  return CAPABILITIES.filter((_, number) => (bits >> BigInt(number)) & 1n)
}

export const cgroupOf = (pid: number): string => /^0::(.*)$/m.exec(read(`/proc/${pid}/cgroup`))?.[1] ?? '?'

function mountsOf(pid: number): string[] {
  return read(`/proc/${pid}/mountinfo`)
    .split('\n')
    .flatMap((line) => {
      const [, , , , point, options] = line.split(' ')
      const [type, source] = line.split(' - ')[1]?.split(' ') ?? []
      return point === undefined ? [] : [`${point}  ${type} (${source}) ${options}`]
    })
}

function limitsOf(pid: number): Record<string, string> {
  const folder = cgroupFolder(cgroupOf(pid))
  const names = ['memory.max', 'memory.current', 'cpu.max', 'pids.max', 'pids.current']
  return Object.fromEntries(
    names.map((name) => [name, read(`${folder}/${name}`)]).filter(([, value]) => value),
  )
}

export const cgroupMount = (): string =>
  /^\S+ (\S+) cgroup2 /m.exec(read('/proc/self/mounts'))?.[1] ?? '/sys/fs/cgroup'

export const cgroupFolder = (path: string): string => `${cgroupMount()}${path}`
