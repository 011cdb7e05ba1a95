/**
 * Unpacks one layer into an empty directory, for overlayfs: tar entries in, files, whiteouts and their metadata out.
 *
 * A layer is unpacked on its own, not onto those below it, so layers may be unpacked in any order and at once.
 * Nothing an archive says leads outside: parents are found by Directories, the last component is only ever made new
 * (O_EXCL, O_NOFOLLOW) or unlinked.
 */
import { O } from '../../linux/abi/arch.ts'
import { E } from '../../linux/abi/errno.ts'
import { S } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { beginWriteOut, worthWritingOut } from '../write-out.ts'
import { type ByteString, display, toBytes } from './bytes.ts'
import { Deletions } from './deletions.ts'
import { makedev } from './device-number.ts'
import { Directories, type Directory } from './directories.ts'
import { entryError } from './entry-error.ts'
import { entryPath, join, nameOf, parentOf } from './entry-path.ts'
import {
  applyToFd,
  applyToName,
  checkMetadata,
  type Metadata,
  type MetadataOptions,
  metadataOf,
  readBirth,
} from './metadata.ts'
import { removeTree } from './remove-tree.ts'
import type { TarEntry } from './tar-entry.ts'
import type { TarSink } from './tar-reader.ts'
import { type OverlayXattrs, parseWhiteout } from './whiteout.ts'

export interface UnpackTarget {
  /** The layer's root: an open, empty directory that nobody else changes. */
  readonly directory: number
  readonly overlayXattrs: OverlayXattrs
  /** See MetadataOptions. */
  readonly chown: boolean
  /** Whether device nodes may be made. They are left out where not, as rootless docker and podman do. */
  readonly devices: boolean
}

/** A system call that throws on failure, or one that returns -errno. */
type Via = typeof attempt

const scratch = new Uint8Array(1)
const newFile = O.WRONLY | O.CREAT | O.EXCL | O.NOFOLLOW | O.CLOEXEC

export class LayerUnpacker implements TarSink {
  readonly #target: UnpackTarget
  readonly #directories: Directories
  readonly #metadata: MetadataOptions
  /** Directories get their metadata last: making files in them would change their times, and needs write permission. */
  readonly #unfinished = new Map<ByteString, Metadata>()
  readonly #deletions: Deletions
  readonly #skipped = new Map<string, number>()
  #file: { fd: number; entry: TarEntry; position: number } | undefined
  #current: Uint8Array = new Uint8Array()

  constructor(target: UnpackTarget) {
    this.#target = target
    this.#directories = new Directories(target.directory, (parent, name) => this.#makeImplied(parent, name))
    this.#deletions = new Deletions(this.#directories, target.overlayXattrs)
    const birth = readBirth(target.directory)
    this.#metadata = { chown: target.chown, onRefused: (what) => this.#skip(what), birth }
  }

  /** What could not be kept and how often: `device nodes`, xattrs by name. */
  get skipped(): ReadonlyMap<string, number> {
    return this.#skipped
  }

  entry(entry: TarEntry): void {
    this.#current = entry.path
    this.#named(() => this.#unpack(entry))
  }

  data(piece: Uint8Array, position: number): void {
    const file = this.#file
    if (file === undefined) return
    this.#named(() => {
      if (position !== file.position) call('lseek', [file.fd, position, 0])
      for (let at = 0; at < piece.length; )
        at += call('write', [file.fd, at === 0 ? piece : piece.subarray(at)])
      file.position = position + piece.length
    })
  }

  done(): void {
    const file = this.#file
    if (file === undefined) return
    this.#named(() => {
      // A hole at the end is no write.
      if (file.entry.sparse) call('ftruncate', [file.fd, file.entry.size])
      applyToFd(file.fd, file.entry, this.#metadata, true)
      if (file.position >= worthWritingOut) beginWriteOut(file.fd)
      this.#file = undefined
      call('close', [file.fd])
    })
  }

  /** All entries have come: the directories get their owners, modes and times, children before parents. */
  finish(): void {
    for (const [path, metadata] of [...this.#unfinished].reverse()) {
      this.#current = toBytes(path)
      const fd = this.#directories.reopen(path)
      // Replaced by something else later in the archive.
      if (fd === undefined) continue
      this.#named(() => {
        try {
          applyToFd(fd, metadata, this.#metadata)
        } finally {
          call('close', [fd])
        }
      })
    }
  }

  /** Closes what is open, after success or failure. */
  close(): void {
    if (this.#file !== undefined) call('close', [this.#file.fd])
    this.#file = undefined
    this.#directories.close()
  }

  #unpack(entry: TarEntry): void {
    const path = entryPath(entry.path)
    const whiteout = parseWhiteout(path)
    if (whiteout?.is === 'bookkeeping') return
    if (whiteout?.is === 'opaque') {
      this.#deletions.opaque(this.#directories.at(parentOf(path)))
      return
    }
    if (whiteout?.is === 'whiteout') {
      this.#deletions.whiteout(this.#directories.at(parentOf(path)), whiteout.name)
      return
    }
    checkMetadata(entry)
    if (path === '') {
      if (entry.kind !== 'directory') throw new Error('it would take the place of the layer itself')
      this.#unfinished.set('', metadataOf(entry))
      return
    }
    const parent = this.#directories.at(parentOf(path))
    const name = nameOf(path)
    if (entry.kind === 'directory') this.#directory(parent, name, metadataOf(entry))
    else if (entry.kind === 'file') this.#openFile(parent, name, entry)
    else if (entry.kind === 'hardlink') this.#hardlink(parent, name, entryPath(entry.linkTarget))
    else if (entry.kind === 'symlink') this.#symlink(parent, name, entry)
    else this.#node(parent, name, entry)
  }

  #openFile(parent: Directory, name: ByteString, entry: TarEntry): void {
    const fd = this.#make(parent, name, (via) =>
      via('openat', [parent.fd, toBytes(name), newFile, entry.mode & 0o777]),
    )
    this.#file = { fd, entry, position: 0 }
  }

  #symlink(parent: Directory, name: ByteString, entry: TarEntry): void {
    this.#make(parent, name, (via) => via('symlinkat', [entry.linkTarget, parent.fd, toBytes(name)]))
    applyToName(parent.fd, name, entry, { ...this.#metadata, symlink: true })
  }

  #directory(parent: Directory, name: ByteString, metadata: Metadata): void {
    const path = join(parent.path, name)
    if (attempt('mkdirat', [parent.fd, toBytes(name), 0o700]) !== 0) {
      // A directory that is there stays, with the new metadata. Anything else makes room.
      const existing = this.#directories.reopen(path)
      if (existing !== undefined) call('close', [existing])
      else this.#make(parent, name, (via) => via('mkdirat', [parent.fd, toBytes(name), 0o700]))
    }
    this.#unfinished.set(path, metadata)
    this.#deletions.madeDirectory(path)
  }

  /** A parent that the archive leaves out: root's, 0755, as docker has it. */
  #makeImplied(parent: Directory, name: ByteString): void {
    const path = join(parent.path, name)
    const result = attempt('mkdirat', [parent.fd, toBytes(name), 0o700])
    // What is in the way is an error for Directories to tell, except a whiteout of ours.
    if (result === -E.EXIST && !this.#deletions.stands(path)) return
    const now = { seconds: Math.floor(Date.now() / 1000), nanoseconds: 0 }
    this.#directory(parent, name, {
      mode: 0o755,
      uid: 0,
      gid: 0,
      mtime: now,
      atime: undefined,
      xattrs: new Map(),
    })
  }

  #hardlink(parent: Directory, name: ByteString, target: ByteString): void {
    const missing = new Error(`it is a hard link to "${display(target)}", which is not in this layer`)
    const from = this.#directories.existing(parentOf(target))
    if (target === '' || from === undefined) throw missing
    const targetName = nameOf(target)
    const [old, path] = [join(from.path, targetName), join(parent.path, name)]
    if (old === path) return
    if (old.startsWith(`${path}/`)) throw new Error('it is a hard link that would replace what it links to')
    const link = (via: Via) => via('linkat', [from.fd, toBytes(targetName), parent.fd, toBytes(name), 0])
    // Asked first, so that a link to nothing removes nothing.
    if (attempt('readlinkat', [from.fd, toBytes(targetName), scratch]) === -E.NOENT) throw missing
    this.#make(parent, name, link)
  }

  #node(parent: Directory, name: ByteString, entry: TarEntry): void {
    const device = entry.kind !== 'fifo'
    const type = entry.kind === 'fifo' ? S.IFIFO : entry.kind === 'block' ? S.IFBLK : S.IFCHR
    const number = device ? makedev(entry.deviceMajor, entry.deviceMinor) : 0
    if (device && !this.#target.devices) {
      this.#skip('device nodes')
      return
    }
    this.#make(parent, name, (via) => via('mknodat', [parent.fd, toBytes(name), type | 0o600, number]))
    applyToName(parent.fd, name, entry, { ...this.#metadata, symlink: false })
  }

  /** Makes one thing; what an earlier entry left under its name goes first. @returns the call's result. */
  #make(parent: Directory, name: ByteString, make: (via: Via) => number): number {
    const result = make(attempt)
    if (result >= 0) return result
    if (result === -E.EXIST) {
      const path = join(parent.path, name)
      removeTree(parent.fd, name)
      this.#directories.invalidate(path)
      this.#deletions.removed(path)
    }
    return make(call)
  }

  #skip(what: string): void {
    this.#skipped.set(what, (this.#skipped.get(what) ?? 0) + 1)
  }

  /** Gives every failure the name of the entry. */
  #named(work: () => void): void {
    try {
      work()
    } catch (cause) {
      throw entryError(this.#current, cause as Error)
    }
  }
}
