/** A container's status file in the words of Docker's events. */
import { readTextIfAny } from '../../linux/file.ts'
import type { Container } from '../container/list.ts'
import { statusPath } from '../container/record.ts'
import { parseEvents, type StatusEvent } from '../container/status.ts'
import type { EngineEvent } from './event-log.ts'
import { describe } from './telling.ts'

type Story = Pick<Container, 'id' | 'name' | 'record'>
type Attributes = Readonly<Record<string, string>>
interface Teller {
  readonly id: string
  readonly attributes: Attributes
}

/** All that happened to it so far. */
export const containerEvents = (dataRoot: string, container: Story): EngineEvent[] =>
  storyOf(
    { id: container.id, attributes: attributesOf(container) },
    parseEvents(readTextIfAny(statusPath(dataRoot, container.id)) ?? ''),
  )

function storyOf({ id, attributes }: Teller, events: readonly StatusEvent[]): EngineEvent[] {
  const told: EngineEvent[] = []
  let startedAt = 0n
  let stopping = false
  // A container that `run` made has no line of its making.
  if (events[0]?.word === 'started') told.push(eventOf(id, events[0].at, 'create', attributes))
  for (const event of events) {
    if (event.word === 'started') {
      startedAt = event.at
      stopping = false
    }
    if (event.word === 'stopping') stopping = true
    for (const [action, more] of actionsOf(event, startedAt, stopping)) {
      told.push(eventOf(id, event.at, action, { ...attributes, ...more }))
    }
  }
  return told
}

const attributesOf = ({ name, record: { image, options } }: Story): Record<string, string> =>
  describe({ name, image, options })

export const eventOf = (id: string, at: bigint, action: string, attributes: Attributes): EngineEvent => ({
  at,
  type: 'container',
  action,
  id,
  attributes,
})

const plain: Readonly<Record<string, string>> = {
  created: 'create',
  started: 'start',
  paused: 'pause',
  unpaused: 'unpause',
}

function actionsOf(
  { at, word, numbers }: StatusEvent,
  startedAt: bigint,
  stopping: boolean,
): [action: string, attributes: Record<string, string>][] {
  const known = plain[word]
  if (known !== undefined) return [[known, {}]]
  const [code = 0, , oom = 0] = numbers
  if (word === 'killed') return [['kill', { signal: String(code) }]]
  if (word !== 'exited') return []
  const execDuration = String((at - startedAt) / 1_000_000_000n)
  return [
    ...(oom === 0 ? [] : [['oom', {}] as [string, Record<string, string>]]),
    ['die', { execDuration, exitCode: String(code) }],
    ...(stopping ? [['stop', {}] as [string, Record<string, string>]] : []),
  ]
}

/** Its whole story, for the log: the file that told it goes. */
export const removalEvents = (dataRoot: string, container: Story): EngineEvent[] => [
  ...containerEvents(dataRoot, container),
  eventOf(container.id, BigInt(Date.now()) * 1_000_000n, 'destroy', attributesOf(container)),
]

/** The same of one that removed itself as soon as it had ended. */
export const removalStory = (of: Teller, events: readonly StatusEvent[]): EngineEvent[] => [
  ...storyOf(of, events),
  eventOf(of.id, events.at(-1)?.at ?? 0n, 'destroy', of.attributes),
]
