/** Beginnings of lines in the log of events, for executors to complete (told-events.ts reads them). */
import type { ImageSnapshot } from '../../image/snapshot.ts'
import type { MonitorOptions } from '../../plan/detached.ts'
import type { RunOptions } from '../run-options.ts'

type Events = NonNullable<MonitorOptions['events']>
interface Subject {
  readonly id: string
  readonly image: ImageSnapshot
  readonly options: RunOptions
  readonly name?: string
}

const path = (dataRoot: string): string => `${dataRoot}/events`

/** Up to the text that the executor adds. */
const lineOf = (line: object): string => `${JSON.stringify(line).slice(0, -1)},"told":"`

/** Docker's attributes of an event; without its name where it has none yet. */
export const describe = ({
  image,
  options,
  name = options.name,
}: Omit<Subject, 'id'>): Record<string, string> => ({
  ...image.config.Labels,
  ...options.labels,
  image: options.image,
  ...(name === undefined ? {} : { name }),
})

/** Of a container's monitor: its status file tells the rest, as long as it lasts. */
export function lifeEvents(dataRoot: string, subject: Subject): Events {
  const { id, options } = subject
  const attributes = describe(subject)
  return {
    path: path(dataRoot),
    ...(options.removeAfterwards ? { ended: lineOf({ story: id, attributes }) } : {}),
    ...(options.terminal
      ? {
          resized: lineOf({ action: 'resize', id, attributes }),
          detached: lineOf({ action: 'detach', id, attributes }),
        }
      : {}),
  }
}

export function execEvents(dataRoot: string, subject: Subject, command: readonly string[]): Events {
  const { id } = subject
  const line = { id, command: command.join(' '), attributes: describe(subject) }
  return {
    path: path(dataRoot),
    began: lineOf({ exec: 'began', ...line }),
    ended: lineOf({ exec: 'ended', ...line }),
    detached: lineOf({ action: 'exec_detach', id, attributes: line.attributes }),
  }
}

/** Of whoever attaches. */
export const attachEvents = (dataRoot: string, subject: Subject): Events => ({
  path: path(dataRoot),
  detached: lineOf({ action: 'detach', id: subject.id, attributes: describe(subject) }),
})
