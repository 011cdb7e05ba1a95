/**
 * Volumes: `<data-root>/volumes/NAME/` with the files in `_data` and what is known of it in `volume.json`. It appears
 * whole, by a rename, and a name belongs to whoever renamed first.
 */
import { StateError } from '../../errors.ts'
import { E } from '../../linux/abi/errno.ts'
import { AT } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { fileType, listFolder, makeFolder, readTextIfAny, writeFileAtomically } from '../../linux/file.ts'
import { removeTree } from '../../linux/remove.ts'
import { randomId } from '../../runtime/container-id.ts'

export interface Volume {
  readonly name: string
  /** RFC 3339. */
  readonly createdAt: string
  readonly labels: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string>>
  /** Nobody named it. */
  readonly anonymous: boolean
}

export const volumesFolder = (dataRoot: string): string => `${dataRoot}/volumes`
export const volumeFolder = (dataRoot: string, name: string): string => `${dataRoot}/volumes/${name}`
export const volumeData = (dataRoot: string, name: string): string => `${dataRoot}/volumes/${name}/_data`

const NOREPLACE = 1

/** @throws StateError with Docker's words */
export function checkVolumeName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) return
  throw new StateError(
    `create ${name}: ${JSON.stringify(name)} includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
  )
}

export function readVolume(dataRoot: string, name: string): Volume | undefined {
  if (name.includes('/') || name.startsWith('.')) return undefined
  const text = readTextIfAny(`${volumeFolder(dataRoot, name)}/volume.json`)
  return text === undefined ? undefined : (JSON.parse(text) as Volume)
}

/** By name. */
export const listVolumes = (dataRoot: string): Volume[] =>
  listFolder(volumesFolder(dataRoot))
    .sort()
    .map((name) => readVolume(dataRoot, name))
    .filter((volume) => volume !== undefined)

export interface NewVolume extends Pick<Volume, 'labels' | 'options' | 'anonymous'> {
  readonly name: string
  /** Of the folder in it: what the image has where the volume goes. */
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
}

/** Makes the volume, unless there is one of the name. @throws StateError, KernelError */
export function createVolume(
  dataRoot: string,
  { mode = 0o755, uid = 0, gid = 0, ...volume }: NewVolume,
): Volume {
  checkVolumeName(volume.name)
  const existing = readVolume(dataRoot, volume.name)
  if (existing) return existing
  const made: Volume = { ...volume, createdAt: new Date().toISOString().replace(/\.\d+Z$/, 'Z') }
  const folder = volumesFolder(dataRoot)
  makeFolder(folder)
  const aside = `${folder}/.${randomId()}`
  makeFolder(aside)
  try {
    call('mkdirat', [AT.FDCWD, `${aside}/_data`, 0o755])
    call('fchmodat', [AT.FDCWD, `${aside}/_data`, mode & 0o7777])
    if (uid !== 0 || gid !== 0)
      attempt('fchownat', [AT.FDCWD, `${aside}/_data`, uid, gid, AT.SYMLINK_NOFOLLOW])
    writeFileAtomically(`${aside}/volume.json`, `${JSON.stringify(made)}\n`)
    const path = volumeFolder(dataRoot, volume.name)
    const result = attempt('renameat2', [AT.FDCWD, aside, AT.FDCWD, path, NOREPLACE])
    if (result === 0) return made
    const other = readVolume(dataRoot, volume.name)
    if (result !== -E.EXIST || !other) call('renameat2', [AT.FDCWD, aside, AT.FDCWD, path, NOREPLACE])
    removeTree(aside)
    return other!
  } catch (error) {
    removeTree(aside)
    throw error
  }
}

/** Under another name first: a volume is there or it is not. @throws KernelError */
export function removeVolume(dataRoot: string, name: string): void {
  const aside = `${volumesFolder(dataRoot)}/.${randomId()}`
  call('renameat2', [AT.FDCWD, volumeFolder(dataRoot, name), AT.FDCWD, aside, NOREPLACE])
  removeTree(aside)
}

/** @throws StateError with Docker's words */
export function findVolume(dataRoot: string, name: string): Volume {
  const volume = readVolume(dataRoot, name)
  if (!volume) throw new StateError(`get ${name}: no such volume`)
  return volume
}

/** Whether the image's files may still go into it. */
export const isEmptyVolume = (dataRoot: string, name: string): boolean => {
  const data = volumeData(dataRoot, name)
  return fileType(data) === undefined || listFolder(data).length === 0
}
