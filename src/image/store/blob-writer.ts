/** A blob on its way in: written beside its final place, hashed as it passes, renamed when it is right. */
import type { Hash } from 'node:crypto'
import { O } from '../../linux/abi/arch.ts'
import { AT, LOCK } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import type { BlobWriter, Descriptor } from '../content.ts'
import { parseDigest } from '../digest.ts'
import { startHash, verify } from '../verify.ts'
import { beginWriteOut } from '../write-out.ts'
import { diskError, removeFile, writeAll } from './files.ts'
import { blobPath, partialPath } from './layout.ts'
import { noteMade, type Workspace } from './workspace.ts'

/** A chunk at a time: hashing what an earlier download left must not stop everything else. */
const readSize = 1024 * 1024

/** As much at once goes to the disk. */
const writeOutSize = 4 * 1024 * 1024

interface Partial {
  readonly path: string
  readonly fd: number
}

/** The file to resume, unless another process is downloading into it: then one of our own. */
function openPartial(root: string, digest: string, workspace: Workspace): Partial {
  const flags = O.RDWR | O.CREAT | O.NOFOLLOW | O.CLOEXEC
  const path = partialPath(root, digest)
  const fd = call('openat', [AT.FDCWD, path, flags, 0o600])
  // The one who had it may have renamed or deleted it while we opened it.
  if (attempt('flock', [fd, LOCK.EX | LOCK.NB]) === 0 && isStillAt(path, fd)) return { path, fd }
  call('close', [fd])
  const own = `${workspace.path}/blob-${process.hrtime.bigint()}`
  return { path: own, fd: call('openat', [AT.FDCWD, own, flags, 0o600]) }
}

function isStillAt(path: string, fd: number): boolean {
  const [byPath, byFd] = [new Uint8Array(256), new Uint8Array(256)]
  if (attempt('statx', [AT.FDCWD, path, AT.SYMLINK_NOFOLLOW, 0x7ff, byPath]) < 0) return false
  call('statx', [fd, '', AT.EMPTY_PATH, 0x7ff, byFd])
  // stx_ino
  return Buffer.compare(byPath.subarray(32, 40), byFd.subarray(32, 40)) === 0
}

export async function openBlobWriter(
  root: string,
  digest: string,
  workspace: Workspace,
): Promise<BlobWriter> {
  const partial = openPartial(root, digest, workspace)
  const hash = startHash(digest)
  let size = await hashExisting(partial.fd, hash)
  const resumeFrom = size
  let begun = size
  let isOpen = true

  const finish = (): void => {
    isOpen = false
    call('close', [partial.fd])
  }

  return {
    resumeFrom,
    write(chunk) {
      // Its fd may be another file's by now.
      if (!isOpen) throw new Error(`the writer of ${digest} is closed`)
      try {
        writeAll(partial.fd, chunk)
      } catch (cause) {
        // The space is better used by somebody else than by half a blob.
        removeFile(partial.path)
        throw diskError(`store the blob ${digest}`, cause)
      }
      hash.update(chunk)
      size += chunk.length
      if (size - begun < writeOutSize) return
      beginWriteOut(partial.fd, begun, size - begun)
      begun = size
    },
    async commit(expected: Descriptor) {
      try {
        const got = `${parseDigest(digest).algorithm}:${hash.digest('hex')}`
        try {
          verify(expected, 'blob', { digest: got, size })
        } catch (cause) {
          removeFile(partial.path)
          throw cause
        }
        noteMade(workspace, `blobs/${expected.digest.replace(':', '/')}`)
        call('renameat2', [AT.FDCWD, partial.path, AT.FDCWD, blobPath(root, expected.digest), 0])
      } finally {
        finish()
      }
    },
    async abort() {
      if (!isOpen) return
      finish()
      if (size === 0 || partial.path.startsWith(workspace.path)) removeFile(partial.path)
    },
  }
}

/** Brings `hash` to the end of what is there, and the file position with it. */
async function hashExisting(fd: number, hash: Hash): Promise<number> {
  const buffer = new Uint8Array(readSize)
  for (let size = 0; ; ) {
    const length = call('read', [fd, buffer])
    if (length === 0) return size
    hash.update(buffer.subarray(0, length))
    size += length
    await new Promise(setImmediate)
  }
}
