/** What a process sees mounted (proc_pid_mountinfo(5)), and how it changes. */
import { readFile } from '../../linux/file.ts'

/** By mount id, which a mount keeps when it moves. */
export type Mounts = ReadonlyMap<string, string>

/** A line of mountinfo: id parent device root mount-point options [tags...] - type source super-options. */
const LINE = /^(\d+) \d+ \S+ (\S+) (\S+) (\S+) ?(.*) - (\S+) (\S+)/

export function readMounts(procFd: number): Mounts {
  const mounts = new Map<string, string>()
  for (const line of new TextDecoder().decode(readFile('self/mountinfo', procFd)).split('\n')) {
    const [, id, root, point, options, tags, type, source] = LINE.exec(line) ?? []
    if (id === undefined) continue
    const of = root === '/' ? source : `${source}${root}`
    mounts.set(id, `${point}  ${type} (${of})  ${options}${tags ? `  ${tags}` : ''}`)
  }
  return mounts
}

const LONGEST = 8

export function mountChanges(before: Mounts, now: Mounts): string[] {
  const added = [...now].filter(([id]) => !before.has(id)).map(([, text]) => `+ ${text}`)
  const removed = [...before].filter(([id]) => !now.has(id)).map(([, text]) => `- ${text}`)
  const changed = [...now]
    .filter(([id, text]) => before.has(id) && before.get(id) !== text)
    .map(([id, text]) => `~ ${before.get(id)}  ->  ${text}`)
  const count = `${now.size} mounts`
  if (added.length + removed.length + changed.length === 0) return [`${count}, as before`]
  return [...shorten(added), ...shorten(removed), ...shorten(changed), count]
}

const shorten = (lines: readonly string[]): string[] =>
  lines.length > LONGEST
    ? [...lines.slice(0, LONGEST - 1), `  ... and ${lines.length - LONGEST + 1} more like these`]
    : [...lines]
