/**
 * The directories of a layer that is being unpacked: every path is found inside the layer's root, whatever symlinks
 * the layer itself has made (openat2(2), Linux 5.6), and the directories in use stay open.
 */
import { RegistryError } from '../../errors.ts'
import { O } from '../../linux/abi/arch.ts'
import { E } from '../../linux/abi/errno.ts'
import { RESOLVE } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { type ByteString, display, toByteString, toBytes } from './bytes.ts'
import { nameOf, parentOf } from './entry-path.ts'

export interface Directory {
  readonly fd: number
  /** Its path without any symlink: the key under which it is known. */
  readonly path: ByteString
}

/** Tars go through a tree depth first, so few directories are in use at once. */
const maximumOpen = 64
const maximumAliases = 4096

const flags = O.RDONLY | O.DIRECTORY | O.CLOEXEC
const direct = { flags, mode: 0, resolve: RESOLVE.BENEATH | RESOLVE.NO_SYMLINKS | RESOLVE.NO_MAGICLINKS }
const inRoot = { flags, mode: 0, resolve: RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS }

export class Directories {
  readonly #root: Directory
  readonly #make: (parent: Directory, name: ByteString) => void
  /** By canonical path, the least recently used first. */
  readonly #open = new Map<ByteString, Directory>()
  /** Paths through symlinks, and the canonical path each leads to. */
  readonly #aliases = new Map<ByteString, ByteString>()

  /** @param make makes a directory that entries need and the tar does not have. */
  constructor(root: number, make: (parent: Directory, name: ByteString) => void) {
    this.#root = { fd: root, path: '' }
    this.#make = make
  }

  /**
   * The open directory at `path`, made where it is missing. The fd is good until the next call of `at`.
   * @throws RegistryError when something else stands in the way; KernelError.
   */
  at(path: ByteString): Directory {
    const found = this.existing(path)
    if (found !== undefined) return found
    this.#make(this.at(parentOf(path)), nameOf(path))
    const made = this.#find(path)
    if (made === undefined) throw new RegistryError(`"${display(path)}" is in the way and is not a directory`)
    return made
  }

  /** The same, where it may be missing. Opens one directory at most, so the last one found stays open too. */
  existing(path: ByteString): Directory | undefined {
    if (path === '') return this.#root
    const known = this.#open.get(this.#aliases.get(path) ?? path)
    if (known === undefined) return this.#find(path)
    this.#open.delete(known.path)
    this.#open.set(known.path, known)
    return known
  }

  /** Opens what is there. Undefined when it is not there, or is no directory. */
  #find(path: ByteString): Directory | undefined {
    const bytes = toBytes(path)
    let fd = attempt('openat2', [this.#root.fd, bytes, direct])
    if (fd >= 0) return this.#keep({ fd, path })
    if (fd === -E.LOOP) {
      // A symlink on the way: follow it inside the root, and ask the kernel where that led.
      fd = attempt('openat2', [this.#root.fd, bytes, inRoot])
      if (fd >= 0) return this.#alias(path, fd)
    }
    if (fd === -E.NOENT || fd === -E.NOTDIR) return undefined
    call('openat2', [this.#root.fd, bytes, inRoot])
    throw new RegistryError(`"${display(path)}" changed while it was unpacked`)
  }

  #alias(path: ByteString, fd: number): Directory {
    const canonical = this.#canonicalPath(fd)
    if (this.#aliases.size >= maximumAliases) this.#aliases.clear()
    this.#aliases.set(path, canonical)
    if (canonical === '') {
      call('close', [fd])
      return this.#root
    }
    const known = this.#open.get(canonical)
    if (known === undefined) return this.#keep({ fd, path: canonical })
    call('close', [fd])
    return known
  }

  #canonicalPath(fd: number): ByteString {
    const root = readFdPath(this.#root.fd)
    const path = readFdPath(fd)
    return path === root ? '' : path.slice(root.length + 1)
  }

  #keep(directory: Directory): Directory {
    if (this.#open.size >= maximumOpen) {
      const [oldest] = this.#open.values()
      this.#forget(oldest!)
    }
    this.#open.set(directory.path, directory)
    return directory
  }

  #forget(directory: Directory): void {
    this.#open.delete(directory.path)
    call('close', [directory.fd])
  }

  /** Something at `path` (canonical) was deleted: neither it, nor what it held, nor any symlink is what it was. */
  invalidate(path: ByteString): void {
    this.#aliases.clear()
    for (const directory of [...this.#open.values()]) {
      if (directory.path === path || directory.path.startsWith(`${path}/`)) this.#forget(directory)
    }
  }

  /** The directory at a canonical path if it is still there, opened for the caller, who closes it. */
  reopen(path: ByteString): number | undefined {
    const fd = attempt('openat2', [this.#root.fd, path === '' ? '.' : toBytes(path), direct])
    return fd < 0 ? undefined : fd
  }

  close(): void {
    for (const directory of [...this.#open.values()]) this.#forget(directory)
  }
}

const pathBuffer = new Uint8Array(4096)

/** Where an open file is, as proc(5) tells. */
function readFdPath(fd: number): ByteString {
  const length = call('readlinkat', [-1, `/proc/self/fd/${fd}`, pathBuffer])
  return toByteString(pathBuffer.subarray(0, length))
}
