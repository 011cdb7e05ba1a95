/** Opens what `load` is given: a folder, a tar in a file, or a tar on a stream; compressed or not. */
import { RegistryError } from '../../errors.ts'
import { O } from '../../linux/abi/arch.ts'
import { E } from '../../linux/abi/errno.ts'
import { AT } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { diskError, writeAll } from '../store/files.ts'
import { type ArchiveFiles, filesOfFolder, filesOfTar } from './archive-files.ts'
import { indexTar } from './index-tar.ts'
import { isPacked, unpacked } from './unpacked.ts'

export interface OpenArchive {
  readonly files: ArchiveFiles
  close(): void
}

/**
 * @param source a path, or the bytes of a tar (standard input).
 * @param spool a path of our own: what is compressed or cannot be sought is unpacked to there first.
 */
export async function openArchive(
  source: string | AsyncIterable<Uint8Array>,
  spool: string,
): Promise<OpenArchive> {
  if (typeof source !== 'string') return spooled(source, spool)
  const fd = attempt('openat', [AT.FDCWD, source, O.RDONLY | O.CLOEXEC, 0])
  if (fd === -E.NOENT) throw new RegistryError(`open ${source}: no such file or directory`)
  if (fd < 0) call('openat', [AT.FDCWD, source, O.RDONLY | O.CLOEXEC, 0])
  const close = () => void call('close', [fd])
  try {
    const start = new Uint8Array(8)
    const length = attempt('read', [fd, start])
    if (length === -E.ISDIR) return { files: filesOfFolder(fd), close }
    if (length >= 0 && !isPacked(start) && attempt('lseek', [fd, 0, 0]) === 0) {
      return { files: filesOfTar(fd, await indexTar(readAll(fd, new Uint8Array()))), close }
    }
    const archive = await spooled(readAll(fd, start.subarray(0, Math.max(length, 0))), spool)
    close()
    return archive
  } catch (cause) {
    close()
    throw cause
  }
}

async function* readAll(fd: number, start: Uint8Array): AsyncGenerator<Uint8Array> {
  if (start.length > 0) yield start
  for (;;) {
    const piece = new Uint8Array(512 * 1024)
    const length = call('read', [fd, piece])
    if (length === 0) return
    yield piece.subarray(0, length)
  }
}

async function spooled(source: AsyncIterable<Uint8Array>, spool: string): Promise<OpenArchive> {
  const fd = call('openat', [AT.FDCWD, spool, O.RDWR | O.CREAT | O.EXCL | O.CLOEXEC, 0o600])
  // Nobody else needs its name, and the disk gets the space back whatever happens.
  call('unlinkat', [AT.FDCWD, spool, 0])
  try {
    const index = await indexTar(unpacked(source), (chunk) => writeAll(fd, chunk))
    return { files: filesOfTar(fd, index), close: () => void call('close', [fd]) }
  } catch (cause) {
    call('close', [fd])
    throw diskError('load the image', cause)
  }
}
