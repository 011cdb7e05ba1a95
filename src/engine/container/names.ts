/**
 * Names of containers: `<data-root>/names/NAME` is a symlink to the id, so the file system keeps them unique and a
 * rename is one rename(2). A container that nobody named gets its name when somebody first asks for it (the start need
 * not wait for that): two words that follow from its id, and a digit where they are taken.
 */
import { StateError } from '../../errors.ts'
import { O } from '../../linux/abi/arch.ts'
import { E } from '../../linux/abi/errno.ts'
import { AT } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { fileType, listFolder, makeFolder } from '../../linux/file.ts'
import { KernelError } from '../../linux/kernel-error.ts'
import { generatedName } from './generated-name.ts'
import { containerFolder, containersFolder } from './record.ts'

export const namesFolder = (dataRoot: string): string => `${dataRoot}/names`
export const namePath = (dataRoot: string, name: string): string => `${dataRoot}/names/${name}`

const NOREPLACE = 1
const ID_BYTES = 64

/** The id that has the name, or undefined. */
export function idOfName(dataRoot: string, name: string): string | undefined {
  const buffer = new Uint8Array(ID_BYTES)
  const path = namePath(dataRoot, name)
  if (name.includes('/') || attempt('readlinkat', [AT.FDCWD, path, buffer]) !== ID_BYTES) return undefined
  const id = new TextDecoder().decode(buffer)
  return exists(dataRoot, id) ? id : undefined
}

const exists = (dataRoot: string, id: string): boolean =>
  fileType(containerFolder(dataRoot, id)) !== undefined

/**
 * Gives the name to the container, whose folder exists.
 * @returns the id that has it already, if one has
 */
export function claimName(dataRoot: string, name: string, id: string): string | undefined {
  const path = namePath(dataRoot, name)
  for (;;) {
    const result = attempt('symlinkat', [id, AT.FDCWD, path])
    if (result === -E.NOENT) makeFolder(namesFolder(dataRoot))
    else if (result !== -E.EXIST) {
      if (result < 0) throw new KernelError('symlinkat', -result, `symlinkat("${id}", AT_FDCWD, "${path}")`)
      return undefined
    } else {
      const holder = idOfName(dataRoot, name)
      if (holder !== undefined) return holder
      // The container it named is gone.
      attempt('unlinkat', [AT.FDCWD, path, 0])
    }
  }
}

/** Before a container is made under this name. @throws StateError with docker's words */
export function requireFreeName(dataRoot: string, name: string): void {
  const path = namePath(dataRoot, name)
  const buffer = new Uint8Array(ID_BYTES)
  if (attempt('readlinkat', [AT.FDCWD, path, buffer]) === -E.NOENT) return
  const holder = idOfName(dataRoot, name)
  if (holder !== undefined) throw nameTaken(name, holder)
  // Of a container that is gone.
  attempt('unlinkat', [AT.FDCWD, path, 0])
}

export const nameTaken = (name: string, holder: string): StateError =>
  new StateError(
    `Conflict. The container name "/${name}" is already in use by container "${holder}". You have to remove (or rename) that container to be able to reuse that name.`,
  )

/** @returns the id that has the new name already, if one has */
export function renameContainer(dataRoot: string, from: string, to: string): string | undefined {
  const [old, path] = [namePath(dataRoot, from), namePath(dataRoot, to)]
  for (;;) {
    const result = attempt('renameat2', [AT.FDCWD, old, AT.FDCWD, path, NOREPLACE])
    if (result !== -E.EXIST) {
      if (result < 0) call('renameat2', [AT.FDCWD, old, AT.FDCWD, path, NOREPLACE])
      return undefined
    }
    const holder = idOfName(dataRoot, to)
    if (holder !== undefined) return holder
    attempt('unlinkat', [AT.FDCWD, path, 0])
  }
}

export function releaseName(dataRoot: string, name: string): void {
  attempt('unlinkat', [AT.FDCWD, namePath(dataRoot, name), 0])
}

/** The name of a container by its id, however many are asked for: the names there are are read once. */
export function nameLookup(dataRoot: string): (id: string) => string {
  let names: Map<string, string> | undefined
  return (id) => {
    names ??= readNames(dataRoot, new Set(listFolder(containersFolder(dataRoot))))
    return names.get(id) ?? giveName(dataRoot, id)
  }
}

/** The name of each of these containers, by id: those without one get it now. Names of containers that are gone go. */
export function namesOf(dataRoot: string, ids: readonly string[]): Map<string, string> {
  const names = readNames(dataRoot, new Set(ids))
  const wanted = new Map<string, string>()
  for (const id of ids) wanted.set(id, names.get(id) ?? giveName(dataRoot, id))
  return wanted
}

/** @param known ids of which nobody need ask whether they are there */
function readNames(dataRoot: string, known: ReadonlySet<string>): Map<string, string> {
  const folder = namesFolder(dataRoot)
  const names = new Map<string, string>()
  const fd = attempt('openat', [AT.FDCWD, folder, O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0])
  if (fd < 0) return names
  try {
    const buffer = new Uint8Array(ID_BYTES)
    const decoder = new TextDecoder()
    for (const name of listFolder(folder)) {
      if (attempt('readlinkat', [fd, name, buffer]) !== ID_BYTES) continue
      const id = decoder.decode(buffer)
      if (known.has(id) || exists(dataRoot, id)) names.set(id, name)
      else attempt('unlinkat', [fd, name, 0])
    }
    return names
  } finally {
    call('close', [fd])
  }
}

function giveName(dataRoot: string, id: string): string {
  const base = generatedName(id)
  for (let digit = 0; ; digit++) {
    const name = digit === 0 ? base : `${base}${digit}`
    const holder = claimName(dataRoot, name, id)
    if (holder === undefined || holder === id) return name
  }
}
