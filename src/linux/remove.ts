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
/** A container may nest folders without end; descriptors and stack do end. */
const DEEPEST = 64

/** What is moved up gets a name that nothing else has there. */
let movedUp = 0

const pause = (milliseconds: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

/** A folder and all below it. None is no error. @throws KernelError */
export function removeTree(path: string): void {
  remove(path, false)
}

/** Kills what is left in a cgroup, then removes it and the cgroups below. None is no error. @throws KernelError */
export function removeCgroup(path: string): void {
  const kill = attempt('openat', [AT.FDCWD, `${path}/cgroup.kill`, O.WRONLY | O.CLOEXEC, 0])
  if (kill >= 0) {
    attempt('write', [kill, '1'])
    call('close', [kill])
  }
  remove(path, true)
}

function remove(path: string, onlyDirectories: boolean): void {
  const top = openFolder(AT.FDCWD, path)
  if (top === undefined) return
  try {
    while (empty(top, top, 0, onlyDirectories)) call('lseek', [top, 0, 0])
  } finally {
    call('close', [top])
  }
  removeFolder(AT.FDCWD, path)
}

/** Opens a folder to empty it; its owner without CAP_DAC_OVERRIDE may have to let himself in first. */
function openFolder(parent: number, name: string): number | undefined {
  let fd = attempt('openat', [parent, name, DIRECTORY, 0])
  if (fd === -E.ACCES && attempt('fchmodat', [parent, name, 0o700]) === 0)
    fd = attempt('openat', [parent, name, DIRECTORY, 0])
  if (fd === -E.NOENT) return undefined
  return fd < 0 ? call('openat', [parent, name, DIRECTORY, 0]) : fd
}

/** @returns whether something lay too deep and was moved to `top`, which must then be emptied again */
function empty(top: number, fd: number, depth: number, onlyDirectories: boolean): boolean {
  let moved = false
  if (!onlyDirectories) attempt('fchmod', [fd, 0o700])
  for (const { name, directory } of listFolderOf(fd)) {
    if (!directory) {
      if (!onlyDirectories) call('unlinkat', [fd, name, 0])
    } else if (depth === DEEPEST) {
      moved = attempt('renameat2', [fd, name, top, `deep-${++movedUp}`, 0]) === 0 || moved
    } else {
      const below = openFolder(fd, name)
      if (below === undefined) continue
      const deeper = empty(top, below, depth + 1, onlyDirectories)
      call('close', [below])
      // Not yet empty: more of it is moved in the next round.
      if (deeper) moved = true
      removeFolder(fd, name, deeper)
    }
  }
  return moved
}

function removeFolder(parent: number, name: string, mayHoldMore = false): void {
  for (let tries = 0; ; tries++) {
    const result = attempt('unlinkat', [parent, name, AT.REMOVEDIR])
    if (result === 0 || result === -E.NOENT || (mayHoldMore && result === -E.NOTEMPTY)) return
    if (result !== -E.BUSY || tries === BUSY_TRIES)
      throw new KernelError('unlinkat', -result, `unlinkat(${parent}, ${JSON.stringify(name)}, AT_REMOVEDIR)`)
    pause(BUSY_MILLISECONDS)
  }
}
