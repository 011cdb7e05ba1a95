/** The log and the stories of the containers there are, as one. */
import { listContainers } from '../container/list.ts'
import { containerEvents } from './container-events.ts'
import { type EngineEvent, readEventLog } from './event-log.ts'

/** By time. */
export function readEvents(dataRoot: string): EngineEvent[] {
  const events = readEventLog(dataRoot)
  for (const container of listContainers(dataRoot)) events.push(...containerEvents(dataRoot, container))
  return events.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
}

/**
 * What happens from now on, as long as somebody listens. A container that goes takes its story with it, so the folder is
 * looked at often, and what was not told yet is told then.
 */
export async function* followEvents(
  dataRoot: string,
  from: bigint,
  until: () => boolean,
): AsyncGenerator<EngineEvent> {
  let last = from
  const told = new Set<string>()
  while (!until()) {
    for (const event of readEvents(dataRoot)) {
      const key = `${event.at} ${event.id} ${event.action}`
      if (event.at < last || told.has(key)) continue
      told.add(key)
      if (event.at > last) last = event.at
      yield event
    }
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds))
  }
}

const pollMilliseconds = 50
