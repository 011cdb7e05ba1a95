/** How whoever starts a container, or attaches to it, stays with it: what the executor and its monitor must know. */
import type { ImageSnapshot } from '../../image/snapshot.ts'
import type { MonitorOptions, Stream } from '../../plan/detached.ts'
import { MONITOR_FLAG } from '../../plan/wire.ts'
import { lifeEvents } from '../events/telling.ts'
import type { RunOptions } from '../run-options.ts'
import { DEFAULT_DETACH_KEYS } from './detach-keys.ts'
import type { HealthCheck } from './health-options.ts'
import { journalFields } from './journal-fields.ts'
import { logLimits } from './log-options.ts'
import { containerFolder } from './record.ts'

export interface Attachment {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  /** A character a key; docker's own where it is not given. */
  readonly detachKeys?: string | undefined
  readonly signalProxy: boolean
}

/** Nobody looks on. */
export const DETACHED = 'detached'

export interface MonitorRequest {
  readonly id: string
  readonly image: ImageSnapshot
  readonly dataRoot: string
  readonly stateFolder: string
  readonly options: RunOptions
  readonly attachment: Attachment | typeof DETACHED
  /** It has the caller's own streams. */
  readonly direct: boolean
  /** What a start that nobody looks on prints; without it nothing. */
  readonly announce?: string | undefined
  readonly cgroup: string | undefined
  readonly health?: HealthCheck | undefined
  /** Starts the front end for one check of the container's health. */
  readonly healthCommand: readonly string[]
}

const MILLISECOND = 1e6

export function monitorOptions(request: MonitorRequest): MonitorOptions {
  const { id, dataRoot, options, attachment, health } = request
  const folder = containerFolder(dataRoot, id)
  const cgroup = request.cgroup === undefined ? {} : { cgroup: request.cgroup }
  const events = { events: lifeEvents(dataRoot, request) }
  if (request.direct) return { flags: MONITOR_FLAG.DIRECT, ...cgroup, ...events }
  return {
    flags: monitorFlags(options, attachment),
    ...(attachment === DETACHED && request.announce !== undefined
      ? { announce: `${request.announce}\n` }
      : {}),
    ...cgroup,
    ...events,
    ...logging(request),
    socketFolder: request.stateFolder,
    restart: `${folder}/restart`,
    ...(health
      ? {
          health: {
            argv: request.healthCommand,
            intervalMilliseconds: Math.ceil(health.intervalNanoseconds / MILLISECOND),
            startIntervalMilliseconds: Math.ceil(health.startIntervalNanoseconds / MILLISECOND),
            startPeriodMilliseconds: Math.ceil(health.startPeriodNanoseconds / MILLISECOND),
          },
        }
      : {}),
    detachKeys: (attachment === DETACHED ? undefined : attachment.detachKeys) ?? DEFAULT_DETACH_KEYS,
  }
}

function logging({ id, dataRoot, image, options }: MonitorRequest): Pick<MonitorOptions, 'log' | 'journal'> {
  if (options.log.driver === 'none') return {}
  if (options.log.driver === 'journald')
    return { journal: journalFields(id, options, { ...image.config.Labels, ...options.labels }) }
  return { log: { path: logPath(dataRoot, id), ...logLimits(options.log) } }
}

/** Docker's name for it. */
export const logPath = (dataRoot: string, id: string): string =>
  `${containerFolder(dataRoot, id)}/${id}-json.log`

function monitorFlags(options: RunOptions, attachment: Attachment | typeof DETACHED): number {
  let flags = 0
  if (options.terminal) flags |= MONITOR_FLAG.TERMINAL
  if (options.interactive) flags |= MONITOR_FLAG.STDIN
  if (attachment === DETACHED) return flags | MONITOR_FLAG.DETACH
  if (attachment.stdin && options.interactive) flags |= MONITOR_FLAG.STDIN_ONCE
  return flags | attachmentFlags(attachment)
}

export function attachmentFlags({ stdin, stdout, stderr, signalProxy }: Attachment): number {
  return (
    (stdin ? MONITOR_FLAG.ATTACH_STDIN : 0) |
    (stdout ? MONITOR_FLAG.ATTACH_STDOUT : 0) |
    (stderr ? MONITOR_FLAG.ATTACH_STDERR : 0) |
    (signalProxy ? MONITOR_FLAG.SIGNAL_PROXY : 0)
  )
}

/** A terminal is all three streams at once. */
export const pipesOf = (options: RunOptions): Stream[] =>
  options.terminal ? [] : [...(options.interactive ? (['stdin'] as const) : []), 'stdout', 'stderr']
