/** Deletes what no name needs. Only with the store's lock held exclusively: nobody is about to need it either. */

import { O } from '../../linux/abi/arch.ts'
import { AT, LOCK } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import type { ContentStore, Descriptor } from '../content.ts'
import { parseDigest } from '../digest.ts'
import { readDirectory, removeTree } from '../layer/remove-tree.ts'
import { openFolder } from './files.ts'
import type { Layers } from './layer-store.ts'
import { reachable } from './resolve-image.ts'
import type { Workspace } from './workspace.ts'

export interface Collected {
  readonly blobs: number
  /** Chain ids, of every layer that went. */
  readonly layers: readonly string[]
  /** What the disk got back: blobs as they lay there, and the files of layers. */
  readonly bytes: number
}

export async function collect(
  store: { root: string; content: ContentStore; layers: Pick<Layers, 'bytes'> },
  workspace: Workspace,
  targets: readonly Descriptor[],
): Promise<Collected> {
  const { root, content } = store
  const blobs = new Set<string>()
  const layers = new Set<string>()
  for (const target of targets) {
    const found = await reachable(content, target)
    for (const digest of found.blobs) blobs.add(digest)
    for (const chainId of found.chains) layers.add(parseDigest(chainId).hex)
  }
  let bytes = 0
  let gone = 0
  for (const algorithm of ['sha256', 'sha512']) {
    const unneeded = namesIn(`${root}/blobs/${algorithm}`).filter(
      (name) => !blobs.has(`${algorithm}:${name}`),
    )
    for (const name of unneeded) {
      bytes += sizeOf(`${root}/blobs/${algorithm}/${name}`)
      call('unlinkat', [AT.FDCWD, `${root}/blobs/${algorithm}/${name}`, 0])
    }
    gone += unneeded.length
  }
  // A short name never outlives its layer.
  for (const name of namesIn(`${root}/l`)) {
    if (!layers.has(layerOf(`${root}/l/${name}`))) call('unlinkat', [AT.FDCWD, `${root}/l/${name}`, 0])
  }
  const unneeded = namesIn(`${root}/layers`).filter((name) => !layers.has(name))
  for (const name of unneeded) {
    bytes += store.layers.bytes(`sha256:${name}`)
    // Moved before it is emptied: no half of one is ever in place.
    call('renameat2', [AT.FDCWD, `${root}/layers/${name}`, workspace.fd, `removed-${name}`, 0])
    removeTree(workspace.fd, `removed-${name}`)
  }
  for (const name of namesIn(`${root}/partial`)) {
    if (!isInUse(`${root}/partial/${name}`)) call('unlinkat', [AT.FDCWD, `${root}/partial/${name}`, 0])
  }
  return { blobs: gone, layers: unneeded.map((hex) => `sha256:${hex}`), bytes }
}

function namesIn(folder: string): string[] {
  const fd = openFolder(folder)
  try {
    return readDirectory(fd)
  } finally {
    call('close', [fd])
  }
}

/** The hex of the chain id that a short name stands for: `../layers/HEX/diff`. */
function layerOf(path: string): string {
  const buffer = new Uint8Array(256)
  const length = call('readlinkat', [AT.FDCWD, path, buffer])
  return Buffer.from(buffer.subarray(0, length)).toString().split('/').at(-2) ?? ''
}

/** STATX_SIZE, and where statx(2) puts it. */
function sizeOf(path: string): number {
  const buffer = new Uint8Array(256)
  call('statx', [AT.FDCWD, path, AT.SYMLINK_NOFOLLOW, 0x200, buffer])
  return Number(new DataView(buffer.buffer).getBigUint64(40, true))
}

/** Whether a download is going into it. */
function isInUse(path: string): boolean {
  const fd = attempt('openat', [AT.FDCWD, path, O.RDONLY | O.CLOEXEC, 0])
  if (fd < 0) return false
  try {
    return attempt('flock', [fd, LOCK.SH | LOCK.NB]) !== 0
  } finally {
    call('close', [fd])
  }
}
