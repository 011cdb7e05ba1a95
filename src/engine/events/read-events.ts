/** The log and the stories of the containers there are, as one. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { findContainer, listContainers, listIds } from '../container/list.ts'
import { nameLookup } from '../container/names.ts'
import { statusPath } from '../container/record.ts'
import { containerEvents } from './container-events.ts'
import { type EngineEvent, eventLogPath, eventsOfText, readEventLog } from './event-log.ts'

const byTime = (events: EngineEvent[]): EngineEvent[] =>
  events.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))

/** By time. */
export function readEvents(dataRoot: string): EngineEvent[] {
  const events = readEventLog(dataRoot)
  for (const container of listContainers(dataRoot)) events.push(...containerEvents(dataRoot, container))
  return byTime(events)
}

/**
 * What happens from now on, as long as somebody listens. A container that goes takes its story with it, but leaves it in
 * the log: what was not told yet is told then. Only what has grown is read.
 */
export async function* followEvents(
  dataRoot: string,
  from: bigint,
  until: () => boolean,
): AsyncGenerator<EngineEvent> {
  const told = new Set<string>()
  const [log, containers] = [followLog(dataRoot), followContainers(dataRoot)]
  while (!until()) {
    // The log last: of a container that has gone meanwhile it says everything.
    const events = [...containers(), ...log()]
    for (const event of byTime(events)) {
      const key = `${event.at} ${event.id} ${event.action}`
      if (event.at < from || told.has(key)) continue
      told.add(key)
      yield event
    }
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds))
  }
}

const pollMilliseconds = 50

/** What was added since the last call: the first time, all. */
function followContainers(dataRoot: string): () => EngineEvent[] {
  let sizes = new Map<string, number>()
  return () => {
    const now = new Map<string, number>()
    const nameOf = nameLookup(dataRoot)
    const events: EngineEvent[] = []
    for (const id of listIds(dataRoot)) {
      const size = statSync(statusPath(dataRoot, id), { throwIfNoEntry: false })?.size ?? 0
      if (size !== sizes.get(id)) {
        try {
          events.push(...containerEvents(dataRoot, findContainer(dataRoot, id, nameOf)))
        } catch {
          continue // it is gone, or has no record yet: looked at again
        }
      }
      now.set(id, size)
    }
    sizes = now
    return events
  }
}

/** The same of the log, which is begun anew when it is large. */
function followLog(dataRoot: string): () => EngineEvent[] {
  const path = eventLogPath(dataRoot)
  let fd = -1
  let at = 0
  const more = (): string => {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(fd).size - at))
    const text = bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, at))
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    at += Buffer.byteLength(whole)
    return whole
  }
  return () => {
    const known = fd >= 0
    let text = known ? more() : ''
    const now = statSync(path, { throwIfNoEntry: false })
    if (now === undefined || (known && fstatSync(fd).ino === now.ino)) return eventsOfText(text)
    // What was written to the old one before its name was another's.
    if (known) text += more()
    if (known) closeSync(fd)
    fd = openSync(path, 'r')
    at = 0
    const before = known ? [] : readEventLog(dataRoot)
    text += more()
    return [...before, ...eventsOfText(text)]
  }
}
