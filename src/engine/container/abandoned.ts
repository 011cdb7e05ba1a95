/** A container whose monitor was killed ended with it, and nobody was left to write that down. */
import { appendEvent, readState } from './status.ts'

/** @param folder the container's, below `--data-root` */
export function writeDown(folder: string): void {
  const id = folder.slice(folder.lastIndexOf('/') + 1)
  const dataRoot = folder.slice(0, -`/containers/${id}`.length)
  const state = readState(dataRoot, id)
  if (state?.abandoned) appendEvent(dataRoot, id, `exited ${state.exitCode} ${state.signal} 0`)
}
