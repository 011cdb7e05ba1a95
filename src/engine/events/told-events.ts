/**
 * Lines of the log of events that an executor completes (native/record.c), where no command stays that could write them:
 * the front end gives it the beginning of the line, it adds what happened, in the words of status files
 * (container/status.ts) with `;` behind each, and the end of the line.
 *
 *     {"story":"<id>","attributes":{...},"told":"<the whole status file of a container that --rm removed>"}
 *     {"exec":"began","id":"<id>","command":"sh -c ls","attributes":{...},"told":"1732250000223456789 started 17;"}
 *     {"exec":"ended", ... ,"told":"1732250000223456789 started 17;1732250000323456789 exited 0 0 0;"}
 *     {"action":"resize","id":"<id>","attributes":{...},"told":"1732250000323456789 24 80"}
 */
import { generatedName } from '../container/generated-name.ts'
import { parseEvents } from '../container/status.ts'
import { eventOf, removalStory } from './container-events.ts'
import type { EngineEvent } from './event-log.ts'

interface Told {
  readonly id: string
  readonly attributes: Readonly<Record<string, string>>
  readonly told: string
}
type Line =
  | (Omit<EngineEvent, 'at'> & { readonly at: string; readonly told?: undefined })
  | (Told & { readonly story: string; readonly action?: undefined })
  | (Told & { readonly exec: 'began' | 'ended'; readonly command: string; readonly action?: undefined })
  | (Told & { readonly action: string })

export function eventsOfLine(text: string): EngineEvent[] {
  const line = JSON.parse(text) as Line
  if (line.told === undefined) return [{ ...line, at: BigInt(line.at) }]
  if (line.action !== undefined) return [withNumbers(line, line.action)]
  const events = parseEvents(line.told.replaceAll(';', '\n'))
  if ('exec' in line) return execEvents(line, events)
  return removalStory({ id: line.story, attributes: named(line.story, line.attributes) }, events)
}

/** Nobody had asked for its name when it was started. */
const named = (id: string, attributes: Told['attributes']): Record<string, string> => ({
  name: generatedName(id),
  ...attributes,
})

function withNumbers({ id, attributes, told }: Told, action: string): EngineEvent {
  const [at = '0', height, width] = told.split(' ')
  const size = height === undefined || width === undefined ? {} : { height, width }
  return eventOf(id, BigInt(at), action, { ...named(id, attributes), ...size })
}

function execEvents(
  { id, exec, command, attributes }: Told & { readonly exec: 'began' | 'ended'; readonly command: string },
  events: ReturnType<typeof parseEvents>,
): EngineEvent[] {
  const [started, exited] = events
  if (started === undefined) return []
  // Docker's is random; this one is the same in all lines of one exec.
  const execID = started.at.toString(16).padStart(16, '0') + id.slice(16)
  const all = { ...named(id, attributes), execID }
  if (exec === 'began') {
    return ['exec_create', 'exec_start'].map((action) =>
      eventOf(id, started.at, `${action}: ${command}`, all),
    )
  }
  if (exited === undefined) return []
  return [eventOf(id, exited.at, 'exec_die', { ...all, exitCode: String(exited.numbers[0] ?? 0) })]
}
