/** A container's log as the bytes of its files, the oldest first, and on as it grows (native/log.c writes it). */
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'

const CHUNK_BYTES = 256 * 1024

interface LogFile {
  readonly fd: number
  readonly inode: number
}

/** The file and those before it, open, the oldest first: however often it rotates from now on. */
export function openLog(path: string): LogFile[] {
  const files: LogFile[] = []
  // While we open them, each may move on to the next name, the oldest first: a name may be free for a moment.
  for (let number = 0; number <= oldest(path); number++) {
    const file = open(nameOf(path, number))
    if (file && files.some(({ inode }) => inode === file.inode)) closeSync(file.fd)
    else if (file) files.unshift(file)
  }
  return files
}

const nameOf = (path: string, number: number): string => (number === 0 ? path : `${path}.${number}`)

/** The highest number behind the name. */
function oldest(path: string): number {
  const name = `${basename(path)}.`
  const numbers = readdirSync(dirname(path)).filter((one) => one.startsWith(name))
  return Math.max(0, ...numbers.map((one) => Number(one.slice(name.length)) || 0))
}

function open(path: string): LogFile | undefined {
  try {
    const fd = openSync(path, 'r')
    return { fd, inode: fstatSync(fd).ino }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Where the last `entries` begin: a file, and a place in it. */
export function findTail(files: readonly LogFile[], entries: number): { file: number; at: number } {
  let left = entries
  const chunk = Buffer.alloc(CHUNK_BYTES)
  for (let file = files.length - 1; file >= 0; file--) {
    const { fd } = files[file]!
    const size = fstatSync(fd).size
    for (let end = size; end > 0; ) {
      const begin = Math.max(0, end - CHUNK_BYTES)
      const got = readSync(fd, chunk, 0, end - begin, begin)
      for (let at = got - 1; at >= 0; at--) {
        // The newline at the very end closes the last entry, and begins none.
        if (chunk[at] !== 10 || begin + at + 1 === size) continue
        if (--left === 0) return { file, at: begin + at + 1 }
      }
      end = begin
    }
    // Each file begins with an entry.
    if (size > 0 && --left === 0) return { file, at: 0 }
  }
  return { file: 0, at: 0 }
}

/** What there is, in pieces of whole lines. */
export function* readLog(files: readonly LogFile[], from: { file: number; at: number }): Generator<string> {
  for (let file = from.file; file < files.length; file++) {
    const place = { at: file === from.file ? from.at : 0 }
    yield* readLines(files[file]!.fd, place)
  }
}

/** From a place on to the last whole line; the place moves along. */
export function* readLines(fd: number, place: { at: number }): Generator<string> {
  let chunk = Buffer.alloc(CHUNK_BYTES)
  for (;;) {
    const got = readSync(fd, chunk, 0, chunk.length, place.at)
    const end = chunk.lastIndexOf(10, got - 1) + 1
    if (got === 0 || (end === 0 && got < chunk.length)) return
    if (end === 0) {
      chunk = Buffer.alloc(chunk.length * 2)
      continue
    }
    place.at += end
    yield chunk.toString('utf8', 0, end)
  }
}

/** The file that was begun after this one; undefined while this is the newest. */
export function nextFile(path: string, inode: number): LogFile | undefined {
  for (;;) {
    const last = oldest(path)
    let at = 0
    while (at <= last && inodeOf(nameOf(path, at)) !== inode) at++
    if (at === 0) return undefined
    // Past the last it has been rotated away, unless it moved just then: the oldest there is comes next.
    const gone = at > last && oldest(path) === last
    const next = open(nameOf(path, at - 1))
    // Names moved on meanwhile: what was opened may not be the next.
    if (next && (gone || inodeOf(nameOf(path, at)) === inode)) return next
    if (next) closeSync(next.fd)
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino
}
