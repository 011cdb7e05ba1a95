/** Every container there is, and the one that a word on the command line means. */
import { StateError } from '../../errors.ts'
import { listFolder, readTextIfAny } from '../../linux/file.ts'
import { apart, spoilPremises } from '../../linux/premises.ts'
import { idOfName, nameLookup, namesOf } from './names.ts'
import { type ContainerRecord, containersFolder, readRecord, statusPath } from './record.ts'
import { type ContainerState, readState } from './status.ts'

export interface Container {
  readonly id: string
  readonly name: string
  readonly record: ContainerRecord
  readonly state: ContainerState
}

const ID = /^[0-9a-f]{64}$/
const PREFIX = /^[0-9a-f]{1,64}$/

export const listIds = (dataRoot: string): string[] =>
  listFolder(containersFolder(dataRoot)).filter((name) => ID.test(name))

/** All of them, the newest first. Those that are just being made or removed are left out. */
export function listContainers(dataRoot: string): Container[] {
  const found: Omit<Container, 'name'>[] = []
  for (const id of listIds(dataRoot)) {
    const container = read(dataRoot, id)
    if (container) found.push(container)
  }
  const names = namesOf(
    dataRoot,
    found.map(({ id }) => id),
  )
  return found
    .map((container) => ({ ...container, name: names.get(container.id)! }))
    .sort((a, b) => (a.state.createdAt < b.state.createdAt ? 1 : -1))
}

function read(dataRoot: string, id: string): Omit<Container, 'name'> | undefined {
  const state = readState(dataRoot, id)
  const record = state && readRecord(dataRoot, id)
  return record && { id, record, state }
}

/**
 * By name, id or the beginning of an id, in docker's order of preference.
 * @param nameOf of whoever looks for several
 * @throws StateError with docker's words: `No such container: NAME`
 */
export function findContainer(dataRoot: string, word: string, nameOf = nameLookup(dataRoot)): Container {
  const id = findId(dataRoot, word)
  const container = id === undefined ? undefined : read(dataRoot, id)
  if (!container) throw new StateError(`No such container: ${word}`)
  return { ...container, name: nameOf(container.id) }
}

/**
 * The same for a start that may be kept, whose questions must be fewer: what the word means, and what is written of that
 * container. Whether its process is alive, its pidfd tells (runtime/process-identity.ts).
 */
export function findNotedContainer(dataRoot: string, word: string): Container {
  const container = apart(() => findContainer(dataRoot, word))
  const { id } = container
  // Another container may be meant by the beginning of an id tomorrow, or get the name that nobody has asked for.
  if (word !== id && idOfName(dataRoot, word) !== id) spoilPremises()
  readTextIfAny(statusPath(dataRoot, id))
  readRecord(dataRoot, id)
  return container
}

function findId(dataRoot: string, word: string): string | undefined {
  if (ID.test(word)) return word
  const named = idOfName(dataRoot, word.replace(/^\//, ''))
  if (named !== undefined) return named
  if (!PREFIX.test(word)) return byGeneratedName(dataRoot, word)
  const [first, ...more] = listIds(dataRoot).filter((id) => id.startsWith(word))
  if (more.length > 0) throw new StateError(`Multiple IDs found with provided prefix: ${word}`)
  return first
}

/** A container that nobody has asked the name of yet does not have it yet. */
function byGeneratedName(dataRoot: string, word: string): string | undefined {
  for (const [id, name] of namesOf(dataRoot, listIds(dataRoot))) if (name === word) return id
  return undefined
}
