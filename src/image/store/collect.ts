/** Deletes what no name needs. Only with the store's lock held exclusively: nobody is about to need it either. */

import { O } from '../../linux/abi/arch.ts'
import { AT, LOCK } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import type { ContentStore, Descriptor } from '../content.ts'
import { parseDigest } from '../digest.ts'
import { readDirectory } from '../layer/remove-tree.ts'
import { openFolder } from './files.ts'
import type { Layers } from './layer-store.ts'
import { Removal } from './removal.ts'
import { describeManifest, reachable } from './resolve-image.ts'
import type { Workspace } from './workspace.ts'

export interface Collected {
  readonly blobs: number
  /** Chain ids, of every layer that went. */
  readonly layers: readonly string[]
  /** What the disk got back: blobs as they lay there, and the files of layers. */
  readonly bytes: number
}

export interface Collection {
  readonly root: string
  readonly content: ContentStore
  readonly layers: Pick<Layers, 'bytes'>
  readonly workspace: Workspace
  /** What names point at. */
  readonly targets: readonly Descriptor[]
  /**
   * The manifests of the images that containers are of. A start takes no lock: it records its container, then mounts the
   * layers. So this is asked again when they have been moved away; whoever recorded later finds them gone.
   */
  readonly inUse: () => Iterable<string>
}

export async function collect(collection: Collection): Promise<Collected> {
  const { root, workspace, inUse } = collection
  for (;;) {
    const needed = await neededBy(collection, new Set(inUse()))
    const { blobs, layers, bytes } = unneeded(collection, needed)
    const removal = new Removal(root, workspace)
    for (const name of [...blobs, ...layers.map((hex) => `layers/${hex}`)]) removal.take(name)
    const taken = new Set(blobs.map((name) => name.replace('blobs/', '').replace('/', ':')))
    if ([...inUse()].some((manifest) => taken.has(manifest))) {
      removal.undo()
      continue
    }
    // A short name never outlives its layer.
    for (const name of namesIn(`${root}/l`)) {
      if (!needed.layers.has(layerOf(`${root}/l/${name}`)))
        call('unlinkat', [AT.FDCWD, `${root}/l/${name}`, 0])
    }
    removal.decide()
    for (const name of namesIn(`${root}/partial`)) {
      if (!isInUse(`${root}/partial/${name}`)) call('unlinkat', [AT.FDCWD, `${root}/partial/${name}`, 0])
    }
    return { blobs: blobs.length, layers: layers.map((hex) => `sha256:${hex}`), bytes }
  }
}

interface Needed {
  /** Digests. */
  readonly blobs: ReadonlySet<string>
  /** The digits of chain ids. */
  readonly layers: ReadonlySet<string>
}

async function neededBy({ content, targets }: Collection, manifests: ReadonlySet<string>): Promise<Needed> {
  const blobs = new Set<string>()
  const layers = new Set<string>()
  const all = [...targets]
  for (const digest of manifests) if (content.has(digest)) all.push(await describeManifest(content, digest))
  for (const target of all) {
    const found = await reachable(content, target)
    for (const digest of found.blobs) blobs.add(digest)
    for (const chainId of found.chains) layers.add(parseDigest(chainId).hex)
  }
  return { blobs, layers }
}

/** @returns names of blobs below the root, digits of layers, and what the disk would get back */
function unneeded({ root, layers }: Collection, needed: Needed) {
  const blobs = ['sha256', 'sha512'].flatMap((algorithm) =>
    namesIn(`${root}/blobs/${algorithm}`)
      .filter((hex) => !needed.blobs.has(`${algorithm}:${hex}`))
      .map((hex) => `blobs/${algorithm}/${hex}`),
  )
  const hexes = namesIn(`${root}/layers`).filter((hex) => !needed.layers.has(hex))
  let bytes = 0
  for (const name of blobs) bytes += sizeOf(`${root}/${name}`)
  for (const hex of hexes) bytes += layers.bytes(`sha256:${hex}`)
  return { blobs, layers: hexes, bytes }
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
