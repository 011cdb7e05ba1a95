/**
 * Blobs and layers on their way out. They are first moved into the command's workspace, where nothing new can be
 * mounted from them; only when it is sure that nobody needs them does `decide` give them up. A command that is killed
 * before that has its moves undone by the next one (workspace.ts).
 */
import { O } from '../../linux/abi/arch.ts'
import { E } from '../../linux/abi/errno.ts'
import { AT } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { readDirectory, removeTree } from '../layer/remove-tree.ts'
import { makeFolder } from './files.ts'
import type { Workspace } from './workspace.ts'

/** rename(2). */
const RENAME_NOREPLACE = 1
const folderFlags = O.RDONLY | O.DIRECTORY | O.CLOEXEC
const undecided = 'removed'
const decided = 'gone'

export class Removal {
  readonly #root: string
  readonly #workspace: Workspace

  constructor(root: string, workspace: Workspace) {
    this.#root = root
    this.#workspace = workspace
    makeFolder(`${workspace.path}/${undecided}`)
  }

  /** @param name `blobs/ALGORITHM/HEX` or `layers/HEX` */
  take(name: string): void {
    const { path } = this.#workspace
    const place = `${path}/${undecided}/${name.replaceAll('/', ',')}`
    call('renameat2', [AT.FDCWD, `${this.#root}/${name}`, AT.FDCWD, place, 0])
  }

  /** Everything is again where it was. */
  undo(): void {
    putBack(this.#root, this.#workspace.fd)
  }

  /** From here on it is gone, even if we are killed while we delete it. */
  decide(): void {
    const { fd } = this.#workspace
    call('renameat2', [fd, undecided, fd, decided, 0])
    removeTree(fd, decided)
  }
}

/** Undoes what a workspace's command had taken and not decided about. @param workspace open */
export function putBack(root: string, workspace: number): void {
  const fd = attempt('openat', [workspace, undecided, folderFlags, 0])
  if (fd === -E.NOENT) return
  try {
    for (const name of readDirectory(fd)) {
      // Somebody may have made it anew meanwhile: then this one is deleted with the workspace.
      attempt('renameat2', [fd, name, AT.FDCWD, `${root}/${name.replaceAll(',', '/')}`, RENAME_NOREPLACE])
    }
  } finally {
    call('close', [fd])
  }
}
