/**
 * What happened, for `events`: `<data-root>/events`, a line of JSON each, appended whole (O_APPEND), by commands and by
 * executors (told-events.ts). What happens to a container while it exists is in its own status file
 * (container/status.ts) and is not written twice; when it is removed its story moves here. When the log is large it is
 * begun anew: `events.1` is what was before, and nobody asks for last year's.
 */
import { O } from '../../linux/abi/arch.ts'
import { AT } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { makeFolder, readTextIfAny } from '../../linux/file.ts'
import { eventsOfLine } from './told-events.ts'

export interface EngineEvent {
  /** Nanoseconds since the epoch. */
  readonly at: bigint
  readonly type: 'container' | 'image' | 'network' | 'volume'
  /** Docker's words: `start`, `die`, `pull`. */
  readonly action: string
  readonly id: string
  readonly attributes: Readonly<Record<string, string>>
}

/** As native/record.c has it. */
const largestBytes = 4 * 1024 * 1024

export const eventLogPath = (dataRoot: string): string => `${dataRoot}/events`

/** Something that happens now. @throws KernelError */
export function recordEvent(dataRoot: string, event: Omit<EngineEvent, 'at'>): void {
  recordEvents(dataRoot, [{ ...event, at: BigInt(Date.now()) * 1_000_000n }])
}

/** @throws KernelError */
export function recordEvents(dataRoot: string, events: readonly EngineEvent[]): void {
  makeFolder(dataRoot)
  const path = eventLogPath(dataRoot)
  const fd = call('openat', [AT.FDCWD, path, O.WRONLY | O.APPEND | O.CREAT | O.CLOEXEC, 0o600])
  try {
    const lines = events.map((event) => JSON.stringify({ ...event, at: String(event.at) }))
    call('write', [fd, `${lines.join('\n')}\n`])
    if (call('lseek', [fd, 0, 2]) > largestBytes)
      attempt('renameat2', [AT.FDCWD, path, AT.FDCWD, `${path}.1`, 0])
  } finally {
    call('close', [fd])
  }
}

/** In the order they were written; the last line may be just being written. */
export function readEventLog(dataRoot: string): EngineEvent[] {
  const path = eventLogPath(dataRoot)
  return [`${path}.1`, path].flatMap((one) => eventsOfText(readTextIfAny(one) ?? ''))
}

export const eventsOfText = (text: string): EngineEvent[] =>
  text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .flatMap(eventsOfLine)
