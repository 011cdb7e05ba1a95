/**
 * A running command's own folder under tmp/, and what becomes of those whose command died.
 *
 * Alive is who holds the flock(2) on the folder. The folder is named after the boot: a process killed within this boot
 * left nothing half-written that it had made visible, since the page cache outlives it; a machine that lost power may
 * have names without content. So each blob and layer is noted here by an empty file before it gets its name (names
 * reach the disk in order, contents do not), and the notes go when syncfs(2) has returned.
 */
import { randomBytes } from 'node:crypto'
import { O } from '../../linux/abi/arch.ts'
import { E } from '../../linux/abi/errno.ts'
import { AT, LOCK } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { KernelError } from '../../linux/kernel-error.ts'
import { readDirectory, removeTree } from '../layer/remove-tree.ts'
import { makeFolder, openFolder, readFile } from './files.ts'
import { putBack } from './removal.ts'

export interface Workspace {
  readonly path: string
  readonly fd: number
}

const bootId = (): string => readFile('/proc/sys/kernel/random/boot_id')!.toString().slice(0, 8)

/** Opens tmp/ for changes to the list of workspaces; nobody else makes or sweeps one meanwhile. */
function whileListLocked<T>(root: string, work: (tmp: number) => T): T {
  makeFolder(`${root}/tmp`)
  const tmp = openFolder(`${root}/tmp`)
  try {
    call('flock', [tmp, LOCK.EX])
    return work(tmp)
  } finally {
    call('close', [tmp])
  }
}

export function openWorkspace(root: string): Workspace {
  return whileListLocked(root, () => {
    const path = `${root}/tmp/${bootId()}-${process.pid}-${randomBytes(4).toString('hex')}`
    makeFolder(`${path}/made`)
    const fd = openFolder(path)
    call('flock', [fd, LOCK.EX])
    return { path, fd }
  })
}

export function closeWorkspace(root: string, workspace: Workspace): void {
  whileListLocked(root, (tmp) => removeTree(tmp, workspace.path.slice(workspace.path.lastIndexOf('/') + 1)))
  call('close', [workspace.fd])
}

/** Notes that `name` (`blobs/sha256/HEX`, `layers/HEX`) is about to be visible and may not be on disk. */
export function noteMade(workspace: Workspace, name: string): void {
  const path = `${workspace.path}/made/${name.replaceAll('/', ',')}`
  call('close', [call('openat', [AT.FDCWD, path, O.WRONLY | O.CREAT | O.CLOEXEC, 0o600])])
}

/** Everything noted is on disk when this returns: one syncfs(2) an image. */
export function settle(workspace: Workspace): void {
  const made = openFolder(`${workspace.path}/made`)
  try {
    const names = readDirectory(made)
    if (names.length === 0) return
    call('syncfs', [made])
    for (const name of names) call('unlinkat', [made, name, 0])
  } finally {
    call('close', [made])
  }
}

/**
 * Deletes the workspaces of dead commands.
 * @param onDoubtful is told the names that a lost boot may have left without their content.
 */
export function sweep(root: string, onDoubtful: (name: string) => void): void {
  whileListLocked(root, (tmp) => {
    for (const name of readDirectory(tmp)) {
      const fd = attempt('openat', [tmp, name, O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0])
      if (fd < 0) continue
      try {
        if (attempt('flock', [fd, LOCK.EX | LOCK.NB]) === -E.AGAIN) continue
        if (!name.startsWith(`${bootId()}-`)) {
          const made = attempt('openat', [fd, 'made', O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0])
          if (made >= 0) {
            for (const noted of readDirectory(made)) onDoubtful(noted.replaceAll(',', '/'))
            call('close', [made])
          }
        }
        putBack(root, fd)
        removeTree(tmp, name)
      } catch (cause) {
        // Without root: files of granted ids, which only a command that runs mapped can remove; the next one does.
        if (!(cause instanceof KernelError) || cause.errno !== E.ACCES) throw cause
      } finally {
        call('close', [fd])
      }
    }
  })
}
