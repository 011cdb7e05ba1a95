/** What a lesson makes on the host, named after its process: a folder, control groups. */
import { AT } from '../../linux/abi/flags.ts'
import { attempt } from '../../linux/call.ts'
import { fileType, listFolder, makeFolder } from '../../linux/file.ts'
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
  for (const path of PLACES.flatMap(deadIn)) removeTree(path)
  if (cgroupMount) for (const path of deadIn(cgroupMount)) removeCgroup(path)
}
