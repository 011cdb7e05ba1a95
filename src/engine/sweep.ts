/**
 * Cleans up after containers whose monitor was killed. A monitor holds a lock on its state folder for as long as it
 * lives (flock(2)); a folder that can be locked is a dead one's, and its journal names what it left.
 */
import { O } from '../linux/abi/arch.ts'
import { AT, LOCK } from '../linux/abi/flags.ts'
import { attempt, call } from '../linux/call.ts'
import { fileAgeSeconds, listFolder, readTextIfAny } from '../linux/file.ts'
import { KernelError } from '../linux/kernel-error.ts'

/** Folders that are not containers'. */
const OWN = new Set(['networks', 'starts', 'seccomp'])
const ID = /^[\w+.-]+$/

export async function sweep(root: string): Promise<void> {
  for (const name of listFolder(root)) {
    if (OWN.has(name) || !ID.test(name)) continue
    const fd = attempt('openat', [
      AT.FDCWD,
      `${root}/${name}`,
      O.RDONLY | O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC,
      0,
    ])
    if (fd < 0) continue
    try {
      if (attempt('flock', [fd, LOCK.EX | LOCK.NB]) === 0) await removeLeftovers(`${root}/${name}`)
    } catch (error) {
      // What one dead container left must not keep the next from starting; the one after it tries again.
      if (!(error instanceof KernelError)) throw error
    } finally {
      call('close', [fd])
    }
  }
}

/** From mkdir to flock are two system calls. */
const LONGEST_START_SECONDS = 10

async function removeLeftovers(folder: string): Promise<void> {
  const journal = readTextIfAny(`${folder}/journal`)
  if (journal === undefined || !journal.includes('\n')) {
    // Just being made: its monitor has the folder, but neither lock nor journal yet. Later: it was killed right then.
    if (fileAgeSeconds(folder) > LONGEST_START_SECONDS)
      (await import('../linux/remove.ts')).removeTree(folder)
    return
  }
  const [cgroup = '', layer = '', keep = '', ...volumes] = journal.split('\n')
  const { removeCgroup, removeTree } = await import('../linux/remove.ts')
  if (cgroup.startsWith('/')) removeCgroup(cgroup)
  if (keep === 'keep' && isWhole(layer)) (await import('./container/abandoned.ts')).writeDown(layer)
  else if (layer.startsWith('/')) await removeLayer(layer)
  for (const volume of volumes) if (volume.startsWith('/')) await removeLayer(volume)
  const network = readTextIfAny(`${folder}/network`)
  if (network) await (await import('./network/network-release.ts')).releaseNetwork(folder, network)
  removeTree(folder)
}

/** Killed while it was made, a container that is to be kept has no record yet, and is no container. */
const isWhole = (folder: string): boolean =>
  readTextIfAny(`${folder}/container.json`)?.endsWith('\n') === true

/** A rootless container's files may be of ids that only a user namespace like its own may touch. */
export async function removeLayer(layer: string): Promise<void> {
  const { removeTree } = await import('../linux/remove.ts')
  try {
    removeTree(layer)
  } catch (error) {
    const { removeAsMapped } = await import('./remove-mapped.ts')
    if (!(error instanceof KernelError) || call('geteuid', []) === 0 || !(await removeAsMapped(layer)))
      throw error
  }
}
