/** `tinyctr events`: what happened and what happens, without anybody who collects it. */
import type { EngineEvent } from '../../engine/events/event-log.ts'
import { followEvents, readEvents } from '../../engine/events/read-events.ts'
import { defineCommand } from '../command.ts'
import type { FlagTable } from '../flag.ts'
import { type Filter, Filters, parseFilter } from '../format/filters.ts'
import { compileTemplate } from '../format/template.ts'
import { templateErrors } from '../format/template-error.ts'
import type { Invocation } from '../invocation.ts'
import { parseMoment } from '../screen/moment.ts'
import { print } from '../screen/output.ts'

const flags = {
  filter: {
    takes: 'many',
    short: 'f',
    value: 'NAME=VALUE',
    parse: parseFilter,
    help: 'Only those of a type, event, container, image, volume, network or label',
  },
  format: { takes: 'one', value: 'TEMPLATE', help: "'json' or a Go template" },
  since: { takes: 'one', value: 'TIME', help: 'Show all events created since a time or a duration ago' },
  until: { takes: 'one', value: 'TIME', help: 'Stream events until a time' },
} as const satisfies FlagTable

export const events = defineCommand({
  usage: '[OPTIONS]',
  summary: 'Get real time events',
  examples: ["tinyctr events --since 1h --until 0s --filter event=die --format '{{.Actor.Attributes.name}}'"],
  flags,
  least: 0,
  most: 0,
  execute: show,
})

const names =
  'config container daemon event image label label! network node plugin scope service type volume'.split(' ')

async function show({ flags: asked, folders: { dataRoot } }: Invocation<typeof flags>): Promise<number> {
  const now = Date.now()
  const since = asked.since === undefined ? undefined : nanoseconds(parseMoment(asked.since, now))
  const end = asked.until === undefined ? undefined : parseMoment(asked.until, now)
  const holds = eventFilter(asked.filter ?? [])
  const write = templateErrors(() => printer(asked.format))
  const tell = (event: EngineEvent): void => {
    if (holds(event) && (end === undefined || event.at <= nanoseconds(end)))
      print(templateErrors(() => write(event)))
  }
  if (end !== undefined && end <= now) {
    for (const event of readEvents(dataRoot)) if (event.at >= (since ?? 0n)) tell(event)
    return 0
  }
  const from = since ?? nanoseconds(now)
  for await (const event of followEvents(dataRoot, from, () => end !== undefined && Date.now() > end))
    tell(event)
  return 0
}

const nanoseconds = (milliseconds: number): bigint => BigInt(Math.trunc(milliseconds * 1000)) * 1000n

/** @throws StateError for a filter that there is not */
export function eventFilter(filters: readonly Filter[]): (event: EngineEvent) => boolean {
  const asked = new Filters(filters, names)
  return ({ type, action, id, attributes }) =>
    asked.is('type', type) &&
    asked.any('event', (wanted) => action === wanted || action.startsWith(`${wanted}:`)) &&
    asked.labels(attributes) &&
    asked.is('scope', 'local') &&
    asked.any('image', (image) => {
      const name = type === 'image' ? (attributes.name ?? id) : attributes.image
      return name === image || name?.split(':')[0] === image
    }) &&
    (['container', 'volume', 'network'] as const).every((kind) =>
      asked.any(kind, (wanted) => type === kind && (id.startsWith(wanted) || attributes.name === wanted)),
    )
}

const digits = (value: number, width = 2): string => String(value).padStart(width, '0')

/** RFC 3339 with nine digits, in the local zone. */
function localTime(at: bigint): string {
  const date = new Date(Number(at / 1_000_000n))
  const offset = -date.getTimezoneOffset()
  const zone =
    offset === 0
      ? 'Z'
      : `${offset < 0 ? '-' : '+'}${digits(Math.trunc(Math.abs(offset) / 60))}:${digits(Math.abs(offset) % 60)}`
  const day = `${date.getFullYear()}-${digits(date.getMonth() + 1)}-${digits(date.getDate())}`
  const time = `${digits(date.getHours())}:${digits(date.getMinutes())}:${digits(date.getSeconds())}`
  return `${day}T${time}.${String(at % 1_000_000_000n).padStart(9, '0')}${zone}`
}

export function printer(format = ''): (event: EngineEvent) => string {
  if (format !== '') {
    const template = compileTemplate(format === 'json' ? '{{json .}}' : format)
    return (event) => template.execute(eventJson(event))
  }
  return ({ at, type, action, id, attributes }) => {
    const pairs = Object.entries(attributes)
      .map(([name, value]) => `${name}=${value}`)
      .sort()
    return `${localTime(at)} ${type} ${action} ${id}${pairs.length > 0 ? ` (${pairs.join(', ')})` : ''}`
  }
}

/** As moby's events.Message, old names and new. */
const eventJson = ({ at, type, action, id, attributes }: EngineEvent): object => ({
  ...(type === 'container' || type === 'image' ? { status: action, id } : {}),
  ...(attributes.image === undefined ? {} : { from: attributes.image }),
  Type: type,
  Action: action,
  Actor: { ID: id, Attributes: new Map(Object.entries(attributes)) },
  scope: 'local',
  time: Number(at / 1_000_000_000n),
  timeNano: at,
})
