/**
 * A container that outlives whoever started it: its standard streams are pipes to a monitor (native/detached.c), which
 * fills these slots before the first step, and keeps what MonitorOptions says.
 */
import { marshal } from '../linux/abi/marshal.ts'
import { type Encoder, fill } from './encode-record.ts'
import { call, each, type Step, slot } from './step.ts'
import { MONITOR } from './wire.ts'

/** The container's end of each pipe. */
const PIPES = { stdin: slot('stdin_pipe'), stdout: slot('stdout_pipe'), stderr: slot('stderr_pipe') }
/** The open status file; filled already when the same plan is run again (a restart). */
export const STATUS = slot('status')

export type Stream = keyof typeof PIPES

export interface MonitorOptions {
  /** MONITOR_FLAG. */
  readonly flags: number
  /** For standard output, when the container has started and nobody looks on. */
  readonly announce?: string
  /** Lines that go to the log of events; each ends where a text in quotes begins (native/record.c). */
  readonly events?: {
    readonly path: string
    readonly began?: string
    readonly ended?: string
    readonly resized?: string
    readonly detached?: string
  }
  /** Folder of the container's cgroup. */
  readonly cgroup?: string
  readonly log?: { readonly path: string; readonly bytes: number; readonly files: number }
  /** Its output goes to the systemd journal, with these fields: FIELD=value a line. */
  readonly journal?: string
  /** Where to listen for those who want to look on. */
  readonly socketFolder?: string
  /** The file with the restart policy. */
  readonly restart?: string
  readonly health?: {
    readonly argv: readonly string[]
    readonly intervalMilliseconds: number
    readonly startIntervalMilliseconds: number
    readonly startPeriodMilliseconds: number
  }
  /** A character a key, `\x10` for ctrl-p. */
  readonly detachKeys?: string
  readonly clientFd?: number
}

/** Container: the pipes become its standard streams. */
export function pipeSteps(streams: readonly Stream[]): Step[] {
  if (streams.length === 0) return []
  const numbers = { stdin: 0, stdout: 1, stderr: 2 }
  return [
    call('dup3', [each(streams.map((one) => PIPES[one])), each(streams.map((one) => numbers[one])), 0], {
      why: 'its streams: to the log, and to whoever looks on',
      at: '--detach',
    }),
  ]
}

/** The slots that the executor fills, before any step reads them. */
export function encodeSlots(encoder: Encoder): void {
  for (const one of [STATUS, PIPES.stdin, PIPES.stdout, PIPES.stderr]) fill(encoder, one)
}

/** @param streams that are pipes @returns where it lies */
export function encodeMonitor(encoder: Encoder, options: MonitorOptions, streams: readonly Stream[]): number {
  const { segment, architecture } = encoder
  const text = (given: string | undefined): number => (given === undefined ? 0 : segment.string(given))
  const pipe = (stream: Stream): number => (streams.includes(stream) ? fill(encoder, PIPES[stream]) : 0)
  const { events, log, health, detachKeys } = options
  const argv = health ? marshal(segment, 'argv', health.argv, architecture) : undefined
  const fields: Record<(typeof MONITOR)[number], number> = {
    flags: options.flags,
    announce: text(options.announce),
    stdin_cell: pipe('stdin'),
    stdout_cell: pipe('stdout'),
    stderr_cell: pipe('stderr'),
    status_cell: fill(encoder, STATUS),
    events: text(events?.path),
    event_began: text(events?.began),
    event_ended: text(events?.ended),
    event_resized: text(events?.resized),
    event_detached: text(events?.detached),
    cgroup: text(options.cgroup),
    log: text(log?.path),
    log_bytes_low: (log?.bytes ?? 0) >>> 0,
    log_bytes_high: Math.floor((log?.bytes ?? 0) / 2 ** 32),
    log_files: log?.files ?? 0,
    journal: text(options.journal),
    socket_folder: text(options.socketFolder),
    restart: text(options.restart),
    health_argv: argv?.is === 'data' ? argv.offset : 0,
    health_interval: health?.intervalMilliseconds ?? 0,
    health_start_interval: health?.startIntervalMilliseconds ?? 0,
    health_start_period: health?.startPeriodMilliseconds ?? 0,
    detach_keys: detachKeys ? segment.blob(new TextEncoder().encode(detachKeys)) : 0,
    detach_keys_size: detachKeys?.length ?? 0,
    client_fd: options.clientFd ?? 0,
  }
  const at = segment.reserve(MONITOR.length * 4)
  MONITOR.forEach((field, i) => {
    segment.view.setUint32(at + i * 4, fields[field], true)
  })
  return at
}
