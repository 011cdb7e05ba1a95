/** Everything the live page shows, read now. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Layer, readLayers } from './layers.ts'
import { linksOf } from './links.ts'
import { cgroupMount, KINDS, type ProcessView, processes, read, readLink, readProcess } from './process.ts'

interface NamespaceNode {
  readonly kind: string
  readonly id: string
  readonly isHost: boolean
  /** The container that it was made for. */
  readonly container?: string
  readonly processes: readonly { readonly pid: number; readonly command: string }[]
}

interface CgroupNode {
  readonly path: string
  /** The container that it was made for. */
  readonly container?: string
  readonly processes: number
  readonly cpuMicroseconds: number
  readonly memoryBytes: number | undefined
  readonly pressure: string
  readonly children: readonly CgroupNode[]
}

/** A running container: `pid` is its first process. */
export interface Running {
  readonly id: string
  readonly name: string
  readonly pid: number
}

export interface Subject {
  readonly pid: number
  readonly name: string
  /** Top first; the writable one is the first. */
  readonly layers: readonly string[]
}

export interface Snapshot {
  readonly at: number
  readonly namespaces: readonly NamespaceNode[]
  readonly cgroups: CgroupNode
  readonly subject?: {
    readonly name: string
    readonly ended: boolean
    readonly process: ProcessView
    readonly host: ProcessView
    readonly layers: readonly Layer[]
    readonly links: readonly string[]
  }
}

export function takeSnapshot(subject: Subject | undefined, running: readonly Running[]): Snapshot {
  return {
    at: Date.now(),
    namespaces: readNamespaces(new Map(running.map(({ pid, name }) => [pid, name]))),
    cgroups: readCgroup('/', new Map(running.map(({ id, name }) => [id, name]))),
    ...(subject
      ? {
          subject: {
            name: subject.name,
            ended: !existsSync(`/proc/${subject.pid}`),
            process: readProcess(subject.pid),
            host: readProcess(process.pid),
            layers: readLayers(subject.layers),
            links: linksOf(subject.pid),
          },
        }
      : {}),
  }
}

const namespaceId = (pid: number | 'self', kind: string): string | undefined =>
  /\[(\d+)\]/.exec(readLink(`/proc/${pid}/ns/${kind}`))?.[1]

function readNamespaces(names: ReadonlyMap<number, string>): NamespaceNode[] {
  interface Growing extends NamespaceNode {
    container?: string
    processes: { pid: number; command: string }[]
  }
  const found = new Map<string, Growing>()
  const host = new Map(KINDS.map((kind) => [kind, namespaceId('self', kind)]))
  for (const pid of processes()) {
    const command = read(`/proc/${pid}/comm`)
    const container = names.get(pid)
    for (const kind of KINDS) {
      const id = namespaceId(pid, kind)
      if (id === undefined) continue
      const isHost = host.get(kind) === id
      const node = found.get(kind + id) ?? { kind, id, isHost, processes: [] }
      node.processes.push({ pid, command })
      if (container !== undefined && !isHost) node.container ??= container
      found.set(kind + id, node)
    }
  }
  return [...found.values()]
}

const DEEPEST = 6
const ID = /[0-9a-f]{64}/

function readCgroup(path: string, names: ReadonlyMap<string, string>, depth = 0): CgroupNode {
  const folder = cgroupMount() + path
  const number = (text: string): number | undefined => (text === '' ? undefined : Number(text))
  const children = depth < DEEPEST ? foldersIn(folder) : []
  const container = names.get(ID.exec(path.slice(path.lastIndexOf('/')))?.[0] ?? '')
  return {
    path,
    ...(container === undefined ? {} : { container }),
    processes: read(`${folder}/cgroup.procs`)
      .split('\n')
      .filter((line) => line !== '').length,
    cpuMicroseconds: Number(/^usage_usec (\d+)/m.exec(read(`${folder}/cpu.stat`))?.[1] ?? 0),
    memoryBytes: number(read(`${folder}/memory.current`)),
    pressure: /some avg10=([\d.]+)/.exec(read(`${folder}/cpu.pressure`))?.[1] ?? '',
    children: children.map((name) => readCgroup(join(path, name), names, depth + 1)),
  }
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort(new Intl.Collator('en', { numeric: true }).compare)
  } catch {
    return [] // It has been removed.
  }
}
