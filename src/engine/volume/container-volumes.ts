/**
 * The volumes of a new container: those it asked for, those of other containers (--volumes-from), and an anonymous one
 * for each VOLUME of its image that nothing else is mounted on (moby daemon/volumes_linux.go). Nothing is made yet.
 */
import { StateError } from '../../errors.ts'
import type { ImageSnapshot } from '../../image/snapshot.ts'
import { spoilPremises } from '../../linux/premises.ts'
import { randomId } from '../../runtime/container-id.ts'
import { cleanPath } from '../config/container-path.ts'
import type { MountRequest, VolumeRequest } from '../config/mount-request.ts'
import { findContainer } from '../container/list.ts'
import type { RunOptions } from '../run-options.ts'
import { imageFolder } from './image-folder.ts'
import {
  checkVolumeName,
  isEmptyVolume,
  type NewVolume,
  readVolume,
  volumeData,
  volumeFolder,
} from './volume.ts'
import { checkedOptions, volumeFilesystem } from './volume-options.ts'

export interface ContainerVolumes {
  /** All mounts, each volume with a name and a source. */
  readonly mounts: MountRequest[]
  /** To be made before the container starts. */
  readonly missing: readonly NewVolume[]
  /** Where the files of each volume are. */
  readonly folders: readonly string[]
  /** Anonymous volumes that go when the container goes (--rm). */
  readonly own: readonly string[]
}

/** @throws StateError with Docker's words */
export function containerVolumes(
  options: RunOptions,
  image: ImageSnapshot,
  dataRoot: string,
): ContainerVolumes {
  const asked = new Map<string, MountRequest>()
  for (const source of options.volumesFrom) {
    for (const mount of mountsFrom(source, dataRoot)) asked.set(mount.destination, mount)
  }
  for (const mount of options.mounts) asked.set(mount.destination, mount)
  for (const path of Object.keys(image.config.Volumes ?? {})) {
    const destination = cleanPath(path)
    if (asked.has(destination)) continue
    asked.set(destination, { type: 'volume', name: '', destination, readonly: false, noCopy: false })
  }
  const missing: NewVolume[] = []
  const mounts = [...asked.values()].map((mount) =>
    mount.type === 'volume' ? named(mount, image, dataRoot, missing) : mount,
  )
  const used = mounts.filter((mount) => mount.type === 'volume')
  const own = options.removeAfterwards ? used.filter(({ anonymous }) => anonymous) : []
  return {
    mounts,
    missing,
    folders: used.map(({ name }) => volumeData(dataRoot, name)),
    own: own.map(({ name }) => volumeFolder(dataRoot, name)),
  }
}

/** `CONTAINER[:ro|rw]`: what the other has mounted, but for its tmpfs. */
function mountsFrom(source: string, dataRoot: string): MountRequest[] {
  const [, name = source, mode] = /^(.*?)(?::([^:]*))?$/.exec(source) ?? []
  if (mode !== undefined && mode !== 'ro' && mode !== 'rw' && mode !== 'z' && mode !== 'Z') {
    throw new StateError(`invalid mode: ${mode}`)
  }
  spoilPremises()
  const mounts: MountRequest[] = []
  for (const mount of findContainer(dataRoot, name).record.options.mounts) {
    if (mount.type === 'tmpfs') continue
    const readonly = mount.readonly || mode === 'ro'
    // It is the other's: it does not go with this container.
    mounts.push(mount.type === 'volume' ? { ...mount, readonly, anonymous: false } : { ...mount, readonly })
  }
  return mounts
}

function named(
  mount: VolumeRequest,
  image: ImageSnapshot,
  dataRoot: string,
  missing: NewVolume[],
): VolumeRequest {
  const anonymous = mount.name === '' || mount.anonymous === true
  const name = mount.name === '' ? randomId() : mount.name
  if (mount.name === '') spoilPremises()
  checkVolumeName(name)
  if (mount.driver !== undefined && mount.driver !== 'local' && mount.driver !== '') {
    throw new StateError(`error looking up volume plugin ${mount.driver}: plugin "${mount.driver}" not found`)
  }
  const volume = readVolume(dataRoot, name)
  const filesystem = volumeFilesystem(volume?.options ?? checkedOptions(name, mount.driverOptions))
  const copiesUp =
    !mount.noCopy && !filesystem && mount.subpath === undefined && isEmptyVolume(dataRoot, name)
  if (volume === undefined) {
    // What is made now is not to be made again.
    spoilPremises()
    const folder = copiesUp ? imageFolder(image.layerDirectories, mount.destination) : undefined
    const { labels = {}, driverOptions = {} } = mount
    missing.push({ name, labels, options: driverOptions, anonymous, ...folder })
  }
  return {
    ...mount,
    name,
    anonymous,
    source: volumeData(dataRoot, name),
    copiesUp,
    ...(filesystem ? { filesystem } : {}),
  }
}
