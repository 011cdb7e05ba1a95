/** The output of a container in the systemd journal, as journalctl(1) finds it there. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { StateError } from '../../errors.ts'
import type { Container } from './list.ts'
import type { LogEntry, LogRequest } from './logs.ts'
import { isUp } from './process.ts'
import { readState } from './status.ts'

const PAUSE_MILLISECONDS = 100
/** From the end of a container until the journal has what it wrote last. */
const SETTLE_MILLISECONDS = 500

/** @throws StateError where there is no journalctl */
export async function* journalEntries(
  dataRoot: string,
  { id, name }: Container,
  { follow, tail }: LogRequest,
): AsyncGenerator<LogEntry> {
  const lines = tail === undefined ? ['--no-tail'] : ['-n', String(tail)]
  const args = ['--output=json', '--quiet', '--all', ...lines, ...(follow ? ['--follow'] : [])]
  const journal = spawn('journalctl', [...args, `CONTAINER_ID_FULL=${id}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const failed = once(journal, 'error').then(([error]: unknown[]) => error as Error)
  const started = once(journal, 'spawn').then(() => undefined)
  const error = await Promise.race([failed, started])
  if (error)
    throw new StateError(
      `Cannot read the log of ${name}: it is in the journal, and journalctl is not here: ${error.message}`,
    )
  if (follow) void endWith(journal, dataRoot, id)
  for await (const line of createInterface({ input: journal.stdout! })) yield parseEntry(line)
}

/** Nobody writes any more: journalctl would wait for ever. */
async function endWith(journal: ChildProcess, dataRoot: string, id: string): Promise<void> {
  const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
  for (let state = readState(dataRoot, id); state && isUp(state); state = readState(dataRoot, id))
    await pause(PAUSE_MILLISECONDS)
  await pause(SETTLE_MILLISECONDS)
  journal.kill('SIGTERM')
}

/** What is no UTF-8 comes as a list of bytes (systemd.journal-fields(7)). */
function parseEntry(line: string): LogEntry {
  const entry = JSON.parse(line) as Record<string, string> & { MESSAGE: string | number[] | null }
  const { MESSAGE: message, CONTAINER_PARTIAL_MESSAGE: partial } = entry
  const text = typeof message === 'string' ? message : Buffer.from(message ?? []).toString()
  return {
    log: partial === 'true' ? text : `${text}\n`,
    stream: entry.PRIORITY === '3' ? 'stderr' : 'stdout',
    time: entry.SYSLOG_TIMESTAMP ?? '',
  }
}
