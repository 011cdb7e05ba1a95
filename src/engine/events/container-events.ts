/** A container's status file in the words of Docker's events. */
import { readTextIfAny } from '../../linux/file.ts'
import type { Container } from '../container/list.ts'
import { statusPath } from '../container/record.ts'
import { parseEvents, type StatusEvent } from '../container/status.ts'
import type { EngineEvent } from './event-log.ts'

type Story = Pick<Container, 'id' | 'name' | 'record'>

/** All that happened to it so far. */
export function containerEvents(dataRoot: string, container: Story): EngineEvent[] {
  const events = parseEvents(readTextIfAny(statusPath(dataRoot, container.id)) ?? '')
  const attributes = attributesOf(container)
  const told: EngineEvent[] = []
  let startedAt = 0n
  let stopping = false
  // A container that `run` made has no line of its making.
  if (events[0]?.word === 'started') told.push(eventOf(container, events[0].at, 'create', attributes))
  for (const event of events) {
    if (event.word === 'started') {
      startedAt = event.at
      stopping = false
    }
    if (event.word === 'stopping') stopping = true
    for (const [action, more] of actionsOf(event, startedAt, stopping)) {
      told.push(eventOf(container, event.at, action, { ...attributes, ...more }))
    }
  }
  return told
}

const attributesOf = ({ name, record: { image, options } }: Story): Record<string, string> => ({
  ...image.config.Labels,
  ...options.labels,
  image: options.image,
  name,
})

const eventOf = (
  { id }: Story,
  at: bigint,
  action: string,
  attributes: Readonly<Record<string, string>>,
): EngineEvent => ({ at, type: 'container', action, id, attributes })

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
  if (word !== 'exited') return []
  const [code = 0, , oom = 0] = numbers
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
  eventOf(container, BigInt(Date.now()) * 1_000_000n, 'destroy', attributesOf(container)),
]
