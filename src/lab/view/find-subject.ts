/** Who is looked at: a running container by name or id, or any process by its number. */
import { existsSync } from 'node:fs'
import { findContainer, listContainers } from '../../engine/container/list.ts'
import { StateError, UsageError } from '../../errors.ts'
import type { Running, Subject } from './snapshot.ts'

/** @throws StateError in docker's words, UsageError */
export function findSubject(dataRoot: string, word: string): Subject {
  try {
    const { id, name, record, state } = findContainer(dataRoot, word)
    if (!state.pid) throw new UsageError(`container ${word} is not running`)
    const upper = `${dataRoot}/containers/${id}/upper`
    return { pid: state.pid, name, layers: [upper, ...record.image.layerDirectories] }
  } catch (error) {
    if (error instanceof StateError && /^\d{1,7}$/.test(word) && existsSync(`/proc/${word}`))
      return { pid: Number(word), name: `process ${word}`, layers: [] }
    throw error
  }
}

export const runningContainers = (dataRoot: string): Running[] =>
  listContainers(dataRoot).flatMap(({ id, name, state }) => (state.pid ? [{ id, name, pid: state.pid }] : []))
