/** Trees as tars: what a container wrote, as a layer of an image; or everything it sees, as one tar. */
import { RegistryError } from '../../errors.ts'
import { type ByteString, display, toBytes } from './bytes.ts'
import { join, nameOf, parentOf } from './entry-path.ts'
import {
  isOpaque,
  isWhiteout,
  type ReadTreeOptions,
  readContent,
  readTree,
  type TreeEntry,
} from './read-tree.ts'
import { encodeHeader, endOfTar, paddingOf, type TarMember } from './tar-writer.ts'

/** Small entries are joined, so that nobody handles a hundred thousand pieces. */
const pieceBytes = 256 * 1024

/** What a container sees, its top directory's own entry left out as docker does. @param tops the topmost first. */
export const tarOfMerged = (tops: readonly number[], options?: ReadTreeOptions): Generator<Uint8Array> =>
  joined(function* () {
    for (const entry of readTree(tops, options)) {
      if (entry.path !== '' && !isWhiteout(entry)) yield* whole(entry)
    }
  })

/**
 * The upper directory of an overlay as a layer: overlayfs's whiteouts and opaque directories become the image format's
 * (image-spec layer.md "Whiteouts"; Documentation/filesystems/overlayfs.rst).
 * @param isLeftOut whether an entry is no change of the container's
 */
export const tarOfUpper = (
  top: number,
  { isLeftOut, ...options }: ReadTreeOptions & { isLeftOut: (entry: TreeEntry) => boolean },
): Generator<Uint8Array> =>
  joined(function* () {
    for (const entry of readTree([top], options)) {
      const { path, marks } = entry
      if (marks.has('redirect') || marks.has('metacopy')) {
        throw new RegistryError(
          `Cannot commit "${display(path)}": overlayfs keeps it in another layer (redirect_dir, metacopy)`,
        )
      }
      if (isLeftOut(entry)) continue
      if (isWhiteout(entry)) {
        yield encodeHeader(marker(join(parentOf(path), `.wh.${nameOf(path)}`)))
        continue
      }
      // The top's own owner and times are the image's.
      if (path !== '') yield* whole(entry)
      if (isOpaque(entry)) yield encodeHeader(marker(join(path, '.wh..wh..opq')))
    }
  })

const marker = (path: ByteString): TarMember => ({ kind: 'file', path: toBytes(path), mode: 0 })

function* whole(entry: TreeEntry): Generator<Uint8Array> {
  yield encodeHeader(entry.member)
  if (entry.member.kind !== 'file') return
  yield* readContent(entry)
  yield paddingOf(entry.member.size ?? 0)
}

function* joined(pieces: () => Generator<Uint8Array>): Generator<Uint8Array> {
  let waiting: Uint8Array[] = []
  let bytes = 0
  for (const piece of pieces()) {
    waiting.push(piece)
    bytes += piece.length
    if (bytes < pieceBytes) continue
    yield Buffer.concat(waiting)
    waiting = []
    bytes = 0
  }
  yield Buffer.concat([...waiting, endOfTar])
}
