/** Where images and containers are kept: whether overlayfs does there, and whether there is room. */
import { statfsSync } from 'node:fs'
import { FSCONFIG, FSMOUNT, FSOPEN } from '../../linux/abi/flags.ts'
import { attempt } from '../../linux/call.ts'
import { fileType, makeFolder, readTextIfAny } from '../../linux/file.ts'
import { KernelError } from '../../linux/kernel-error.ts'
import { removeTree } from '../../linux/remove.ts'
import { atLeast, type Examined, type Finding, good, limited, missing } from './finding.ts'

export function examineStorage(examined: Examined): Finding[] {
  const { dataRoot } = examined
  try {
    makeFolder(dataRoot)
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    return [
      missing('data folder', `${dataRoot} cannot be made: ${error.message}`, 'name another with --data-root'),
    ]
  }
  return [room(dataRoot), overlay(examined), fuse(examined)]
}

const leastBytes = 1024 ** 3

function room(dataRoot: string): Finding {
  const { bavail, bsize } = statfsSync(dataRoot)
  const free = bavail * bsize
  const text = `${(free / 1024 ** 3).toFixed(1)} GiB free at ${dataRoot}`
  return free < leastBytes
    ? limited('data folder', text, 'tinyctr system prune, or another disk with --data-root')
    : good('data folder', text)
}

/** Tried, not guessed: the file system below decides, and so does what it is mounted with. */
function overlay({ rootless, dataRoot, kernel }: Examined): Finding {
  const isThere = (readTextIfAny('/proc/filesystems') ?? '').includes('\toverlay\n')
  if (!isThere && attempt('fsopen', ['overlay', FSOPEN.CLOEXEC]) < 0) {
    return missing('overlay', 'the kernel has no overlayfs', 'modprobe overlay')
  }
  if (rootless) {
    return atLeast(kernel, 5, 11)
      ? good('overlay', 'in user namespaces')
      : missing('overlay', 'not in user namespaces', 'install Linux 5.11 or later, or run as root')
  }
  const folder = `${dataRoot}/tmp/doctor-${process.pid}`
  try {
    for (const name of ['lower', 'upper', 'work']) makeFolder(`${folder}/${name}`)
    return mounts(folder)
      ? good('overlay', `on ${dataRoot}`)
      : missing(
          'overlay',
          `the file system of ${dataRoot} does not do under it`,
          'name a folder on ext4, xfs or btrfs with --data-root',
        )
  } finally {
    removeTree(folder)
  }
}

function mounts(folder: string): boolean {
  const filesystem = attempt('fsopen', ['overlay', FSOPEN.CLOEXEC])
  if (filesystem < 0) return false
  const set = (key: string, value: string): number =>
    attempt('fsconfig', [filesystem, FSCONFIG.SET_STRING, key, value, 0])
  const isSet =
    set('lowerdir', `${folder}/lower`) === 0 &&
    set('upperdir', `${folder}/upper`) === 0 &&
    set('workdir', `${folder}/work`) === 0 &&
    attempt('fsconfig', [filesystem, FSCONFIG.CMD_CREATE, null, null, 0]) === 0
  const mount = isSet ? attempt('fsmount', [filesystem, FSMOUNT.CLOEXEC, 0]) : -1
  if (mount >= 0) attempt('close', [mount])
  attempt('close', [filesystem])
  return mount >= 0
}

function fuse({ rootless }: Examined): Finding {
  if (fileType('/dev/fuse') !== undefined) return good('fuse', '/dev/fuse')
  const cure = 'modprobe fuse'
  return limited('fuse', `no /dev/fuse${rootless ? '' : ' to give to containers with --device'}`, cure)
}
