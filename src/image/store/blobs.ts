/** Blobs that are in the store: documents whole and verified, layers in pieces. */
import { RegistryError } from '../../errors.ts'
import { O } from '../../linux/abi/arch.ts'
import { AT } from '../../linux/abi/flags.ts'
import { call } from '../../linux/call.ts'
import { largestDocumentBytes } from '../manifest.ts'
import { digestOf, verify } from '../verify.ts'
import { readFile } from './files.ts'
import { blobPath } from './layout.ts'

export async function readDocument(root: string, digest: string): Promise<Uint8Array> {
  const bytes = readFile(blobPath(root, digest))
  if (bytes === undefined) throw new RegistryError(`Cannot read the blob ${digest}: it is not in the store`)
  if (bytes.length > largestDocumentBytes) {
    throw new RegistryError(`Cannot read the blob ${digest}: it has ${bytes.length} bytes, more than 4 MiB`)
  }
  const got = { digest: digestOf(bytes, digest.split(':')[0]), size: bytes.length }
  verify({ mediaType: '', digest, size: bytes.length }, 'the stored blob', got)
  return bytes
}

/** Half a megabyte at a time, from `offset` on. */
export async function* openBlob(root: string, digest: string, offset = 0): AsyncGenerator<Uint8Array> {
  const fd = call('openat', [AT.FDCWD, blobPath(root, digest), O.RDONLY | O.CLOEXEC, 0])
  try {
    if (offset > 0) call('lseek', [fd, offset, 0])
    for (;;) {
      const piece = new Uint8Array(512 * 1024)
      const length = call('read', [fd, piece])
      if (length === 0) return
      yield piece.subarray(0, length)
    }
  } finally {
    call('close', [fd])
  }
}
