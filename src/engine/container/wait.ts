/** `wait`: until a container ends, and how. */
import { O } from '../../linux/abi/arch.ts'
import { AT } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { readAll } from '../../linux/file.ts'
import type { Container } from './list.ts'
import { awaitEnd, closeProcesses, openProcesses } from './process.ts'
import { statusPath } from './record.ts'
import { type ContainerState, parseState } from './status.ts'

const PAUSE_MILLISECONDS = 5
/** From the end of the process to the line that says so. */
const MOST_PAUSES = 2000
const KILLED = 137

/** The exit code of a container that runs now, when it has ended; of another, of its last run. */
export async function waitForExit(dataRoot: string, container: Container): Promise<number> {
  const { id, state } = container
  // Open from now on: with --rm the file goes as soon as the line is written.
  const status = attempt('openat', [AT.FDCWD, statusPath(dataRoot, id), O.RDONLY | O.CLOEXEC, 0])
  const processes = status < 0 ? undefined : openProcesses(dataRoot, container)
  try {
    if (!processes) return state.exitCode
    awaitEnd([processes.container >= 0 ? processes.container : processes.monitor], Number.POSITIVE_INFINITY)
    for (let i = 0; i < MOST_PAUSES; i++) {
      const now = readOpen(status, state.monitorPid)
      if (now.finishedAt > state.startedAt) return now.exitCode
      if (awaitEnd([processes.monitor], 0)[0] && readOpen(status, 0).abandoned) return KILLED
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS))
    }
    return KILLED
  } finally {
    if (processes) closeProcesses(processes)
    if (status >= 0) call('close', [status])
  }
}

function readOpen(fd: number, monitorPid: number): ContainerState {
  call('lseek', [fd, 0, 0])
  return parseState(new TextDecoder().decode(readAll(fd)), monitorPid)
}
