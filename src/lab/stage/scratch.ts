/** What a lesson makes on the host, named after its process: a folder, control groups. */

import { O } from '../../linux/abi/arch.ts'
import { E } from '../../linux/abi/errno.ts'
import { AT } from '../../linux/abi/flags.ts'
import { attempt } from '../../linux/call.ts'
import { fileType, listFolder, makeFolder, readTextIfAny } from '../../linux/file.ts'
import { KernelError } from '../../linux/kernel-error.ts'
import { removeCgroup, removeTree } from '../../linux/remove.ts'

const PREFIX = 'tinyctr-lab-'
export const OWN_NAME = `${PREFIX}${process.pid}`

/** A tmpfs where there is one: nothing of a lesson reaches the disk. */
const PLACES = ['/dev/shm', '/tmp']

export function makeScratch(): string {
  const path = PLACES.map((place) => `${place}/${OWN_NAME}`).find(
    (one) => attempt('mkdirat', [AT.FDCWD, one, 0o755]) === 0,
  )
  if (path !== undefined) return path
  makeFolder(`/tmp/${OWN_NAME}`, 0o755)
  return `/tmp/${OWN_NAME}`
}

/** What lessons left that were killed. */
export function removeDeadOnes(cgroupMount: string | undefined): void {
  const deadIn = (folder: string): string[] =>
    listFolder(folder)
      .filter((name) => {
        const pid = new RegExp(`^${PREFIX}(\\d+)`).exec(name)?.[1]
        return pid !== undefined && fileType(`/proc/${pid}`) === undefined
      })
      .map((name) => `${folder}/${name}`)
  for (const path of PLACES.flatMap(deadIn)) {
    try {
      detachDisk(path)
      removeTree(path)
    } catch (error) {
      // Another user's lesson: theirs to remove.
      if (!(error instanceof KernelError && (error.errno === E.ACCES || error.errno === E.PERM))) throw error
    }
  }
  if (cgroupMount) for (const path of deadIn(cgroupMount)) removeCgroup(path)
}

const LOOP_CLR_FD = 0x4c01

/** The loop device whose file lies in a dead lesson's folder. */
function detachDisk(folder: string): void {
  const name = folder.slice(folder.lastIndexOf('/') + 1)
  const backing = (loop: string): string => readTextIfAny(`/sys/block/${loop}/loop/backing_file`) ?? ''
  const loop = listFolder('/sys/block').find(
    (one) => one.startsWith('loop') && backing(one).includes(`${name}/`),
  )
  if (loop === undefined) return
  const fd = attempt('openat', [AT.FDCWD, `/dev/${loop}`, O.RDWR | O.CLOEXEC, 0])
  if (fd < 0) return
  attempt('ioctl', [fd, LOOP_CLR_FD, 0])
  attempt('close', [fd])
}
