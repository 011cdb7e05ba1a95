/** Whole trees and cgroups, removed by directory descriptors and names, never through a symlink; as native/tree.c. */
import { O } from './abi/arch.ts'
import { E } from './abi/errno.ts'
import { AT } from './abi/flags.ts'
import { attempt, call } from './call.ts'
import { listFolderOf } from './file.ts'
import { KernelError } from './kernel-error.ts'

const DIRECTORY = O.RDONLY | O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC
const BUSY_TRIES = 200
const BUSY_MILLISECONDS = 5

const pause = (milliseconds: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

/** A folder and all below it. None is no error. @throws KernelError */
export function removeTree(path: string): void {
  removeFrom(AT.FDCWD, path, false)
}

/** Kills what is left in a cgroup, then removes it and the cgroups below. None is no error. @throws KernelError */
export function removeCgroup(path: string): void {
  const kill = attempt('openat', [AT.FDCWD, `${path}/cgroup.kill`, O.WRONLY | O.CLOEXEC, 0])
  if (kill >= 0) {
    attempt('write', [kill, '1'])
    call('close', [kill])
  }
  removeFrom(AT.FDCWD, path, true)
}

function removeFrom(parent: number, name: string, onlyDirectories: boolean): void {
  const fd = attempt('openat', [parent, name, DIRECTORY, 0])
  if (fd === -E.NOENT) return
  if (fd < 0) call('openat', [parent, name, DIRECTORY, 0])
  for (const entry of listFolderOf(fd)) {
    if (entry.directory) removeFrom(fd, entry.name, onlyDirectories)
    else if (!onlyDirectories) call('unlinkat', [fd, entry.name, 0])
  }
  call('close', [fd])
  for (let tries = 0; ; tries++) {
    const result = attempt('unlinkat', [parent, name, AT.REMOVEDIR])
    if (result === 0 || result === -E.NOENT) return
    if (result !== -E.BUSY || tries === BUSY_TRIES)
      throw new KernelError('unlinkat', -result, `unlinkat(${parent}, ${JSON.stringify(name)}, AT_REMOVEDIR)`)
    pause(BUSY_MILLISECONDS)
  }
}
