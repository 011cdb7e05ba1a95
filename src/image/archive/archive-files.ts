/** The files of an image archive, be it a folder or a tar: by name, whole or in pieces. */
import { RegistryError } from '../../errors.ts'
import { O } from '../../linux/abi/arch.ts'
import { RESOLVE } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { largestDocumentBytes } from '../manifest.ts'

/** A run of bytes in an open file. */
interface Place {
  readonly fd: number
  readonly offset: number
  /** Undefined: to the end. */
  readonly size: number | undefined
}

export interface ArchiveFiles {
  has(name: string): boolean
  /** @throws RegistryError when it is missing or over 4 MiB: whoever made the archive says how long it is (CVE-2023-25153). */
  read(name: string): Promise<Uint8Array>
  /** @throws RegistryError when it is missing. */
  open(name: string): AsyncIterable<Uint8Array>
}

const pieceSize = 512 * 1024

async function* pieces({ fd, offset, size }: Place): AsyncGenerator<Uint8Array> {
  let at = offset
  const end = size === undefined ? Number.POSITIVE_INFINITY : offset + size
  while (at < end) {
    // Several files of one tar are read in turns, so each turn seeks; nothing is awaited in between.
    call('lseek', [fd, at, 0])
    const piece = new Uint8Array(Math.min(pieceSize, end - at))
    const length = call('read', [fd, piece])
    if (length === 0) return
    at += length
    yield piece.subarray(0, length)
  }
}

async function readDocument(source: AsyncIterable<Uint8Array>, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of source) {
    length += chunk.length
    if (length > largestDocumentBytes) {
      throw new RegistryError(`Cannot load the image: ${name} has more than 4 MiB`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The files below an open folder; symlinks may lead around in it, not out of it. */
export function filesOfFolder(folder: number): ArchiveFiles {
  const how = { flags: O.RDONLY | O.CLOEXEC, mode: 0, resolve: RESOLVE.BENEATH | RESOLVE.NO_MAGICLINKS }
  const open = async function* (name: string): AsyncGenerator<Uint8Array> {
    const fd = attempt('openat2', [folder, name, how])
    if (fd < 0) throw missing(name)
    try {
      yield* pieces({ fd, offset: 0, size: undefined })
    } finally {
      call('close', [fd])
    }
  }
  return {
    has(name) {
      const fd = attempt('openat2', [folder, name, how])
      if (fd >= 0) call('close', [fd])
      return fd >= 0
    },
    read: (name) => readDocument(open(name), name),
    open,
  }
}

/** The files of a tar that lies in an open file, by the index of `indexTar`. */
export function filesOfTar(
  fd: number,
  index: ReadonlyMap<string, { offset: number; size: number }>,
): ArchiveFiles {
  const open = async function* (name: string): AsyncGenerator<Uint8Array> {
    const place = index.get(name)
    if (place === undefined) throw missing(name)
    yield* pieces({ fd, ...place })
  }
  return { has: (name) => index.has(name), read: (name) => readDocument(open(name), name), open }
}

const missing = (name: string): RegistryError =>
  new RegistryError(`Cannot load the image: the archive has no file ${JSON.stringify(name)}`)
