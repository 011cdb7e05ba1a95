/** `logs`: the entries of a container's log that are asked for, and those to come. */
import { closeSync } from 'node:fs'
import { StateError } from '../../errors.ts'
import { logPath } from './attachment.ts'
import type { Container } from './list.ts'
import { findTail, nextFile, openLog, readLines, readLog } from './log-files.ts'
import { isUp } from './process.ts'
import { readState } from './status.ts'

export interface LogEntry {
  readonly log: string
  readonly stream: 'stdout' | 'stderr'
  /** RFC 3339 with nanoseconds, UTC. */
  readonly time: string
}

export interface LogRequest {
  readonly follow: boolean
  /** The last so many; undefined: all. */
  readonly tail?: number | undefined
  /** RFC 3339 with nanoseconds, UTC: such texts are ordered as their times are. */
  readonly since?: string | undefined
  readonly until?: string | undefined
}

const PAUSE_MILLISECONDS = 25

/** @throws StateError with docker's words where nothing is kept */
export async function* logEntries(
  dataRoot: string,
  container: Container,
  request: LogRequest,
): AsyncGenerator<LogEntry[]> {
  const { id, record } = container
  const { follow, tail, since, until } = request
  if (record.options.log.driver === 'none')
    throw new StateError('configured logging driver does not support reading')
  const isWanted = ({ time }: LogEntry): boolean =>
    (since === undefined || time >= since) && (until === undefined || time <= until)
  if (record.options.log.driver === 'journald') {
    const { journalEntries } = await import('./journal-log.ts')
    for await (const entry of journalEntries(dataRoot, container, request)) if (isWanted(entry)) yield [entry]
    return
  }
  const wanted = (text: string): LogEntry[] => {
    const entries: LogEntry[] = []
    for (const line of text.split('\n')) {
      if (line === '') continue
      const entry = JSON.parse(line) as LogEntry
      if (isWanted(entry)) entries.push(entry)
    }
    return entries
  }
  const path = logPath(dataRoot, id)
  for await (const text of logText(dataRoot, id, path, tail, follow)) yield wanted(text)
}

async function* logText(
  dataRoot: string,
  id: string,
  path: string,
  tail: number | undefined,
  follow: boolean,
): AsyncGenerator<string> {
  const files = openLog(path)
  const begin = tail === undefined ? { file: 0, at: 0 } : findTail(files, tail)
  const last = files.at(-1)
  if (!follow) {
    if (tail !== 0) yield* readLog(files, begin)
    for (const { fd } of files) closeSync(fd)
    return
  }
  if (tail !== 0) yield* readLog(files.slice(0, -1), begin)
  for (const { fd } of files.slice(0, -1)) closeSync(fd)
  const place = { at: begin.file === files.length - 1 ? begin.at : 0 }
  if (tail === 0 && last) for (const _ of readLines(last.fd, place));
  yield* followFrom(dataRoot, id, path, last, place)
}

/** Until the container is down and all that it wrote was read. */
async function* followFrom(
  dataRoot: string,
  id: string,
  path: string,
  first: { fd: number; inode: number } | undefined,
  place: { at: number },
): AsyncGenerator<string> {
  let file = first
  for (;;) {
    const state = readState(dataRoot, id)
    const over = state === undefined || !isUp(state)
    if (file) yield* readLines(file.fd, place)
    // Looked for before the last read of the old one: what was written in between is there.
    const next = file ? nextFile(path, file.inode) : openLog(path).at(-1)
    if (next) {
      if (file) {
        yield* readLines(file.fd, place)
        closeSync(file.fd)
      }
      file = next
      place.at = 0
      continue
    }
    if (over) break
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS))
  }
  if (file) closeSync(file.fd)
}
