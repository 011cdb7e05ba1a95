/** After a power failure: is what has a name also whole? */
import { createHash } from 'node:crypto'
import { O } from '../../linux/abi/arch.ts'
import { AT } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { removeTree } from '../layer/remove-tree.ts'
import { openFolder, removeFile } from './files.ts'
import { eachSnapshot } from './references.ts'

/**
 * Checks one name that a command of an earlier boot had made and not yet synced: a blob by its digest; a layer by
 * whether an image was completed with it, which is after the sync. What fails is deleted: a pull brings it back.
 * @param name `blobs/ALGORITHM/HEX` or `layers/HEX`.
 */
export function checkDoubtful(root: string, name: string): void {
  const blob = /^blobs\/(sha256|sha512)\/([a-f0-9]+)$/.exec(name)
  if (blob !== null) {
    if (hashFile(`${root}/${name}`, blob[1]!) !== blob[2]) removeFile(`${root}/${name}`)
    return
  }
  const layer = /^layers\/([a-f0-9]+)$/.exec(name)
  if (layer === null || isUsed(root, layer[1]!)) return
  const layers = openFolder(`${root}/layers`)
  try {
    removeTree(layers, layer[1]!)
  } finally {
    call('close', [layers])
  }
}

function isUsed(root: string, hex: string): boolean {
  for (const { layerDirectories } of eachSnapshot(root)) {
    // Short names begin like the layer; a false match keeps a layer that could have gone.
    if (layerDirectories.some((path) => hex.startsWith(path.slice(path.lastIndexOf('/') + 1)))) return true
  }
  return false
}

function hashFile(path: string, algorithm: string): string | undefined {
  const fd = attempt('openat', [AT.FDCWD, path, O.RDONLY | O.CLOEXEC, 0])
  if (fd < 0) return undefined
  const hash = createHash(algorithm)
  const buffer = new Uint8Array(1024 * 1024)
  try {
    for (let length = call('read', [fd, buffer]); length > 0; length = call('read', [fd, buffer])) {
      hash.update(buffer.subarray(0, length))
    }
    return hash.digest('hex')
  } finally {
    call('close', [fd])
  }
}
