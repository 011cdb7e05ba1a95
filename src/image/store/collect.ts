/** Deletes what no name needs. Only with the store's lock held exclusively: nobody is about to need it either. */

import { O } from '../../linux/abi/arch.ts'
import { AT, LOCK } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import type { ContentStore, Descriptor } from '../content.ts'
import { parseDigest } from '../digest.ts'
import { readDirectory, removeTree } from '../layer/remove-tree.ts'
import { openFolder } from './files.ts'
import { reachable } from './resolve-image.ts'
import type { Workspace } from './workspace.ts'

export async function collect(
  root: string,
  content: ContentStore,
  workspace: Workspace,
  targets: readonly Descriptor[],
): Promise<{ blobs: number; layers: number }> {
  const blobs = new Set<string>()
  const layers = new Set<string>()
  for (const target of targets) {
    const found = await reachable(content, target)
    for (const digest of found.blobs) blobs.add(digest)
    for (const chainId of found.chains) layers.add(parseDigest(chainId).hex)
  }
  const gone = { blobs: 0, layers: 0 }
  for (const algorithm of ['sha256', 'sha512']) {
    gone.blobs += removeUnless(`${root}/blobs/${algorithm}`, (name) => blobs.has(`${algorithm}:${name}`))
  }
  // A short name never outlives its layer.
  removeUnless(`${root}/l`, (name) => [...layers].some((hex) => hex.startsWith(name)))
  gone.layers = removeUnless(`${root}/layers`, (name) => layers.has(name), workspace)
  removeUnless(`${root}/partial`, (name) => isInUse(`${root}/partial/${name}`))
  return gone
}

/** @param workspace where folders are moved before they are emptied, so that no half of one is ever in place. */
function removeUnless(folder: string, keep: (name: string) => boolean, workspace?: Workspace): number {
  const fd = openFolder(folder)
  let removed = 0
  try {
    for (const name of readDirectory(fd)) {
      if (keep(name)) continue
      if (workspace === undefined) {
        call('unlinkat', [fd, name, 0])
      } else {
        call('renameat2', [fd, name, workspace.fd, `removed-${name}`, 0])
        removeTree(workspace.fd, `removed-${name}`)
      }
      removed++
    }
  } finally {
    call('close', [fd])
  }
  return removed
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
