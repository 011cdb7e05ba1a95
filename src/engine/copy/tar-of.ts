/** What is at a path as a tar, its first component the name that it is to have. */
import { toByteString, toBytes } from '../../image/layer/bytes.ts'
import { join } from '../../image/layer/entry-path.ts'
import { readContent, readEntry, readTree, type TreeEntry } from '../../image/layer/read-tree.ts'
import { encodeHeader, endOfTar, paddingOf } from '../../image/layer/tar-writer.ts'
import { O } from '../../linux/abi/arch.ts'
import { call } from '../../linux/call.ts'
import type { Found } from './find-path.ts'

const folderFlags = O.RDONLY | O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC

/** @param as the name in the tar: text, or nothing for a folder whose contents alone are wanted */
export function* tarOf({ kind, parent, name }: Found, as: string): Generator<Uint8Array> {
  const prefix = toByteString(new TextEncoder().encode(as))
  if (kind !== 'directory') {
    const entry = readEntry(parent!, toByteString(new TextEncoder().encode(name)))
    if (entry !== undefined) yield* member(entry, prefix)
  } else {
    const folder = call('openat', [parent!, name, folderFlags, 0])
    try {
      for (const entry of readTree([folder]))
        yield* member(entry, join(prefix, entry.path).replace(/\/$/, ''))
    } finally {
      call('close', [folder])
    }
  }
  yield endOfTar

  function* member(entry: TreeEntry, path: string): Generator<Uint8Array> {
    const isFolder = entry.member.kind === 'directory'
    const target = entry.member.linkTarget
    const isHardLink = entry.member.kind === 'hardlink' && target !== undefined
    yield encodeHeader({
      ...entry.member,
      path: toBytes(isFolder ? (path === '' ? './' : `${path}/`) : path),
      ...(isHardLink && { linkTarget: toBytes(join(prefix, toByteString(target))) }),
    })
    if (entry.member.kind !== 'file') return
    yield* readContent(entry)
    yield paddingOf(entry.member.size ?? 0)
  }
}
