/** `rm`: the record, the layer, the log and the name of a container that does not run. */
import { StateError } from '../../errors.ts'
import { O } from '../../linux/abi/arch.ts'
import { AT } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { fileType } from '../../linux/file.ts'
import { removalEvents } from '../events/container-events.ts'
import { recordEvents } from '../events/event-log.ts'
import { removeLayer, sweep } from '../sweep.ts'
import type { Container } from './list.ts'
import { releaseName } from './names.ts'
import { isUp } from './process.ts'
import { type ContainerFolders, containerFolder, statusPath } from './record.ts'
import { readState, takeLock } from './status.ts'
import { stopContainers } from './stop.ts'

const PATIENCE_MILLISECONDS = 10_000
const PAUSE_MILLISECONDS = 5

/** @throws StateError with docker's words */
export async function removeContainer(
  folders: ContainerFolders,
  container: Container,
  { force, volumes = false }: { force: boolean; volumes?: boolean },
): Promise<void> {
  const { id, name, record, state } = container
  const { dataRoot } = folders
  if (isUp(state)) {
    if (!force) {
      const what = state.status === 'paused' ? 'paused and must be unpaused first' : state.status
      throw new StateError(
        `cannot remove container "/${name}": container is ${what}: stop the container before removing or force remove`,
      )
    }
    stopContainers(folders, [container], { seconds: 0 })
  }
  const fd = lock(folders, container)
  // With --rm it has removed itself.
  if (fd === undefined) return
  try {
    recordEvents(dataRoot, removalEvents(dataRoot, container))
    releaseName(dataRoot, name)
    // What a monitor that was killed left.
    if (fileType(`${folders.root}/${id}`) !== undefined) await sweep(folders.root)
    await removeLayer(containerFolder(dataRoot, id))
    if (volumes || record.options.removeAfterwards) await removeOwnVolumes(dataRoot, record)
  } finally {
    call('close', [fd])
  }
}

/** Its monitor may still be cleaning up. @returns undefined when the container is gone */
function lock({ dataRoot }: ContainerFolders, { id, name }: Container): number | undefined {
  for (const end = Date.now() + PATIENCE_MILLISECONDS; ; ) {
    const fd = attempt('openat', [AT.FDCWD, statusPath(dataRoot, id), O.RDWR | O.CLOEXEC, 0])
    if (fd < 0) return undefined
    if (takeLock(fd)) return fd
    call('close', [fd])
    const state = readState(dataRoot, id)
    if ((state && isUp(state)) || Date.now() > end)
      throw new StateError(`cannot remove container "/${name}": it has just been started`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MILLISECONDS)
  }
}

/** Those that nobody named and nobody else has mounted (--volumes-from). */
async function removeOwnVolumes(dataRoot: string, { options }: Container['record']): Promise<void> {
  const own = options.mounts.filter((mount) => mount.type === 'volume' && mount.anonymous === true)
  if (own.length === 0) return
  const [{ volumeUsers }, { volumeFolder }] = await Promise.all([
    import('../volume/volume-users.ts'),
    import('../volume/volume.ts'),
  ])
  const users = volumeUsers(dataRoot)
  for (const mount of own) {
    if (mount.type === 'volume' && !users.has(mount.name))
      await removeLayer(volumeFolder(dataRoot, mount.name))
  }
}
