/** `export`: everything a container sees of its image and of its own changes, as one tar. No volumes, as docker. */
import { tarOfMerged } from '../../image/layer/write-layer.ts'
import { idsInside, upperFolder, whileOpen } from '../container/files.ts'
import { findContainer } from '../container/list.ts'

/**
 * @param write is handed the tar, and must have read it when it is done
 * @throws StateError when there is no such container
 */
export function exportContainer(
  dataRoot: string,
  word: string,
  write: (tar: Iterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const container = findContainer(dataRoot, word)
  const folders = [upperFolder(dataRoot, container), ...container.record.image.layerDirectories]
  return whileOpen(folders, (fds) => write(tarOfMerged(fds, idsInside())))
}
