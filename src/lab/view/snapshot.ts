/** Everything the live page shows, read now. */
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cgroupMount, KINDS, type ProcessView, processes, read, readLink, readProcess } from './process.ts'

interface NamespaceNode {
  readonly kind: string
  readonly id: string
  readonly isHost: boolean
  readonly processes: readonly { readonly pid: number; readonly command: string }[]
}

interface CgroupNode {
  readonly path: string
  readonly processes: number
  readonly cpuMicroseconds: number
  readonly memoryBytes: number | undefined
  readonly pressure: string
  readonly children: readonly CgroupNode[]
}

export interface Layer {
  readonly path: string
  readonly bytes: number
  readonly files: number
  /** Of the writable one: what differs from the image. */
  readonly changed?: readonly string[]
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
    readonly process: ProcessView
    readonly host: ProcessView
    readonly layers: readonly Layer[]
    readonly links: readonly string[]
  }
}

const MOST_CHANGED = 200

export function takeSnapshot(subject: Subject | undefined): Snapshot {
  return {
    at: Date.now(),
    namespaces: readNamespaces(),
    cgroups: readCgroup('/'),
    ...(subject
      ? {
          subject: {
            name: subject.name,
            process: readProcess(subject.pid),
            host: readProcess(process.pid),
            layers: subject.layers.map((path, i) => readLayer(path, i === 0)),
            links: linksOf(subject.pid),
          },
        }
      : {}),
  }
}

function readNamespaces(): NamespaceNode[] {
  const found = new Map<string, NamespaceNode & { processes: { pid: number; command: string }[] }>()
  for (const pid of processes()) {
    const command = read(`/proc/${pid}/comm`)
    for (const kind of KINDS) {
      const id = /\[(\d+)\]/.exec(readLink(`/proc/${pid}/ns/${kind}`))?.[1]
      if (id === undefined) continue
      const isHost = readLink(`/proc/self/ns/${kind}`).includes(id)
      const node = found.get(kind + id) ?? { kind, id, isHost, processes: [] }
      node.processes.push({ pid, command })
      found.set(kind + id, node)
    }
  }
  return [...found.values()]
}

const DEEPEST = 6

function readCgroup(path: string, depth = 0): CgroupNode {
  const folder = cgroupMount() + path
  const number = (text: string): number | undefined => (text === '' ? undefined : Number(text))
  const children = depth < DEEPEST ? foldersIn(folder) : []
  return {
    path,
    processes: read(`${folder}/cgroup.procs`)
      .split('\n')
      .filter((line) => line !== '').length,
    cpuMicroseconds: Number(/^usage_usec (\d+)/m.exec(read(`${folder}/cpu.stat`))?.[1] ?? 0),
    memoryBytes: number(read(`${folder}/memory.current`)),
    pressure: /some avg10=([\d.]+)/.exec(read(`${folder}/cpu.pressure`))?.[1] ?? '',
    children: children.map((name) => readCgroup(join(path, name), depth + 1)),
  }
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
  } catch {
    return [] // It has been removed.
  }
}

function readLayer(path: string, writable: boolean): Layer {
  let names: string[] = []
  try {
    names = readdirSync(path, { recursive: true, encoding: 'utf8' })
  } catch {
    // Not ours to read, or gone.
  }
  let bytes = 0
  const changed: string[] = []
  for (const name of names) {
    const stat = lstatSync(join(path, name), { throwIfNoEntry: false })
    if (!stat) continue
    if (stat.isFile()) bytes += stat.size
    if (writable && changed.length < MOST_CHANGED && !stat.isDirectory())
      changed.push(`${stat.isCharacterDevice() && stat.rdev === 0 ? 'deleted' : 'changed'} /${name}`)
  }
  return { path, bytes, files: names.length, ...(writable ? { changed } : {}) }
}

/** As its own /proc tells: name, bytes received, bytes sent. */
function linksOf(pid: number): string[] {
  return [...read(`/proc/${pid}/net/dev`).matchAll(/^\s*(\S+):\s*(\d+)(?:\s+\d+){7}\s+(\d+)/gm)].map(
    ([, name, received, sent]) => `${name}: ${received} bytes in, ${sent} bytes out`,
  )
}
