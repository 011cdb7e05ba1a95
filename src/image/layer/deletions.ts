/** What a layer deletes from those below, and what that means for what the same layer makes under the same names. */
import { E } from '../../linux/abi/errno.ts'
import { S } from '../../linux/abi/flags.ts'
import { call } from '../../linux/call.ts'
import { type ByteString, toBytes } from './bytes.ts'
import type { Directories, Directory } from './directories.ts'
import { join } from './entry-path.ts'
import { makeWhiteout, type OverlayXattrs, setOpaque } from './whiteout.ts'

export class Deletions {
  readonly #directories: Directories
  readonly #xattrs: OverlayXattrs
  /** Whiteouts that stand, by path. */
  readonly #standing = new Set<ByteString>()
  /** Paths that were ever whited out: a directory made there later must hide what is below. */
  readonly #hidden = new Set<ByteString>()

  constructor(directories: Directories, xattrs: OverlayXattrs) {
    this.#directories = directories
    this.#xattrs = xattrs
  }

  /** The entry `.wh.NAME`. */
  whiteout(parent: Directory, name: ByteString): void {
    const path = join(parent.path, name)
    const result = makeWhiteout(parent.fd, name, this.#xattrs)
    if (result !== 0 && result !== -E.EXIST) call('mknodat', [parent.fd, toBytes(name), S.IFCHR, 0])
    this.#hidden.add(path)
    if (result === 0) this.#standing.add(path)
    // It deletes from the layers below, not from this one: a file here hides them already, a directory must.
    else if (!this.#standing.has(path)) this.#hideBelow(path)
  }

  /** The entry `.wh..wh..opq`. */
  opaque(directory: Directory): void {
    setOpaque(directory.fd, this.#xattrs)
  }

  /** Whether what is at `path` is only a whiteout of ours. */
  stands(path: ByteString): boolean {
    return this.#standing.has(path)
  }

  /** What was at `path` is gone. */
  removed(path: ByteString): void {
    this.#standing.delete(path)
  }

  /** A directory was made at `path`. */
  madeDirectory(path: ByteString): void {
    if (this.#hidden.delete(path)) this.#hideBelow(path)
  }

  /** Marks the directory at a canonical path, if it is one. */
  #hideBelow(path: ByteString): void {
    const fd = this.#directories.reopen(path)
    if (fd === undefined) return
    try {
      setOpaque(fd, this.#xattrs)
    } finally {
      call('close', [fd])
    }
  }
}
