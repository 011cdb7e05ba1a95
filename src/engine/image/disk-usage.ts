/** How many bytes the files of a tree hold, each file once however many names it has (as du --apparent-size). */
import { lstatSync, readdirSync } from 'node:fs'

export function treeBytes(path: string): number {
  const linked = new Set<string>()
  let total = 0
  const waiting = [path]
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const entry of entriesOf(folder)) {
      const inside = `${folder}/${entry.name}`
      if (entry.isDirectory()) waiting.push(inside)
      else if (entry.isFile()) total += fileBytes(inside, linked)
    }
  }
  return total
}

/** A running container may take a folder away while it is looked at. */
function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (isGone(error)) return []
    throw error
  }
}

function fileBytes(path: string, linked: Set<string>): number {
  try {
    const { size, nlink, dev, ino } = lstatSync(path)
    const key = `${dev}:${ino}`
    if (nlink > 1 && linked.has(key)) return 0
    if (nlink > 1) linked.add(key)
    return size
  } catch (error) {
    if (isGone(error)) return 0
    throw error
  }
}

const isGone = (error: unknown): boolean => {
  const { code } = Object(error) as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}
