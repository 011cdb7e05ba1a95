/**
 * A tar's entries written into an open folder that somebody else may be changing: no symlink is followed below it, files
 * are made new (O_EXCL), and modes and owners are set on what was opened, not on a name (CVE-2018-15664, CVE-2021-41089).
 */
import { StateError } from '../../errors.ts'
import { toBytes } from '../../image/layer/bytes.ts'
import { makedev } from '../../image/layer/device-number.ts'
import { entryPath, nameOf, parentOf } from '../../image/layer/entry-path.ts'
import { applyToFd, applyToName, type Metadata, metadataOf } from '../../image/layer/metadata.ts'
import type { TarEntry } from '../../image/layer/tar-entry.ts'
import type { TarSink } from '../../image/layer/tar-reader.ts'
import { O } from '../../linux/abi/arch.ts'
import { E } from '../../linux/abi/errno.ts'
import { RESOLVE, S } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'

export interface TreeWriterOptions {
  /** Undefined: owners as the tar says. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined
  /** Where an entry goes, from its name in the tar; undefined: nowhere. */
  readonly rename?: (path: string) => string | undefined
}

const NOT_OUT = RESOLVE.BENEATH | RESOLVE.NO_SYMLINKS | RESOLVE.NO_MAGICLINKS
const newFile = O.WRONLY | O.CREAT | O.EXCL | O.NOFOLLOW | O.CLOEXEC

const kinds: Partial<Record<TarEntry['kind'], number>> = {
  block: S.IFBLK,
  character: S.IFCHR,
  fifo: S.IFIFO,
}

export class TreeWriter implements TarSink {
  private readonly top: number
  private readonly options: TreeWriterOptions
  private file: { fd: number; metadata: Metadata; position: number } | undefined
  /** Set last: what is made in a folder changes its times. */
  private readonly folders: { path: string; metadata: Metadata }[] = []

  /** @param top an open folder */
  constructor(top: number, options: TreeWriterOptions) {
    this.top = top
    this.options = options
  }

  entry(entry: TarEntry): void {
    const path = this.place(entry.path)
    if (path === undefined) return
    const metadata = this.metadata(entry)
    if (path === '') {
      this.folders.push({ path, metadata })
      return
    }
    const parent = this.openFolder(parentOf(path), true)
    try {
      this.make(entry, parent, nameOf(path), path, metadata)
    } finally {
      call('close', [parent])
    }
  }

  data(piece: Uint8Array, position: number): void {
    const { file } = this
    if (file === undefined) return
    if (position !== file.position) call('lseek', [file.fd, position, 0])
    for (let done = 0; done < piece.length; ) done += call('write', [file.fd, piece.subarray(done)])
    file.position = position + piece.length
  }

  done(): void {
    const { file } = this
    if (file === undefined) return
    this.file = undefined
    try {
      applyToFd(file.fd, file.metadata, this.applying)
    } finally {
      call('close', [file.fd])
    }
  }

  /** The input is over. */
  end(): void {
    for (const { path, metadata } of this.folders.reverse()) {
      const fd = this.openFolder(path, false, O.RDONLY)
      try {
        applyToFd(fd, metadata, this.applying)
      } finally {
        call('close', [fd])
      }
    }
  }

  private readonly applying = { chown: call('geteuid', []) === 0, onRefused: () => {} }

  private place(bytes: Uint8Array): string | undefined {
    const path = entryPath(bytes)
    return this.options.rename ? this.options.rename(path) : path
  }

  private metadata(entry: TarEntry): Metadata {
    return { ...metadataOf(entry), ...this.options.owner }
  }

  private openFolder(path: string, makes: boolean, access = O.PATH as number): number {
    const flags = access | O.DIRECTORY | O.CLOEXEC
    const how = { flags, resolve: NOT_OUT }
    const fd = attempt('openat2', [this.top, toBytes(path === '' ? '.' : path), how])
    if (fd >= 0) return fd
    if (fd === -E.NOENT && makes) {
      const parent = this.openFolder(parentOf(path), true)
      attempt('mkdirat', [parent, toBytes(nameOf(path)), 0o755])
      call('close', [parent])
      return this.openFolder(path, false, access)
    }
    if (fd === -E.LOOP) throw new StateError(`Cannot copy into "${path}": it is a symlink now`)
    return call('openat2', [this.top, toBytes(path), how])
  }

  private make(entry: TarEntry, parent: number, name: string, path: string, metadata: Metadata): void {
    const bytes = toBytes(name)
    if (entry.kind === 'directory') {
      this.makeFolder(parent, bytes, path)
      this.folders.push({ path, metadata })
      return
    }
    const gone = attempt('unlinkat', [parent, bytes, 0])
    if (gone === -E.ISDIR) throw new StateError(`cannot overwrite directory "/${path}" with non-directory`)
    if (entry.kind === 'file') {
      const fd = call('openat', [parent, bytes, newFile, 0o600])
      this.file = { fd, metadata, position: 0 }
    } else if (entry.kind === 'hardlink') this.link(entry, parent, bytes)
    else {
      const isLink = entry.kind === 'symlink'
      if (isLink) call('symlinkat', [entry.linkTarget, parent, bytes])
      else call('mknodat', [parent, bytes, kinds[entry.kind]! | 0o600, deviceOf(entry)])
      applyToName(parent, name, metadata, { ...this.applying, symlink: isLink })
    }
  }

  private makeFolder(parent: number, name: Uint8Array, path: string): void {
    const made = attempt('mkdirat', [parent, name, 0o700])
    if (made === 0) return
    if (made !== -E.EXIST) call('mkdirat', [parent, name, 0o700])
    const flags = O.PATH | O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC
    const fd = attempt('openat', [parent, name, flags, 0])
    if (fd < 0) throw new StateError(`cannot overwrite non-directory "/${path}" with directory`)
    call('close', [fd])
  }

  private link(entry: TarEntry, parent: number, name: Uint8Array): void {
    const target = this.place(entry.linkTarget)
    if (target === undefined) throw new StateError('Cannot copy a hard link to what is not copied')
    const folder = this.openFolder(parentOf(target), false)
    try {
      call('linkat', [folder, toBytes(nameOf(target)), parent, name, 0])
    } finally {
      call('close', [folder])
    }
  }
}

const deviceOf = ({ kind, deviceMajor, deviceMinor }: TarEntry): number =>
  kind === 'fifo' ? 0 : Number(makedev(deviceMajor, deviceMinor))
