/** Trees as tars: what a container wrote, as a layer of an image; or everything it sees, as one tar. */
import { type ByteString, toBytes } from './bytes.ts'
import { join, nameOf, parentOf } from './entry-path.ts'
import { type ReadTreeOptions, readContent, readTree, type TreeEntry } from './read-tree.ts'
import { encodeHeader, endOfTar, paddingOf, type TarMember } from './tar-writer.ts'

/** Small entries are joined, so that nobody handles a hundred thousand pieces. */
const pieceBytes = 256 * 1024

/** Everything in `top`. */
export const tarOfTree = (top: number, options?: ReadTreeOptions): Generator<Uint8Array> =>
  joined(function* () {
    for (const entry of readTree(top, options)) yield* whole(entry)
  })

/**
 * The upper directory of an overlay as a layer: overlayfs's whiteouts and opaque directories become the image format's
 * (image-spec layer.md "Whiteouts"; Documentation/filesystems/overlayfs.rst).
 */
export const tarOfUpper = (top: number, options?: ReadTreeOptions): Generator<Uint8Array> =>
  joined(function* () {
    for (const entry of readTree(top, options)) {
      const { path, member, marks } = entry
      if (isWhiteout(entry)) {
        yield encodeHeader(marker(join(parentOf(path), `.wh.${nameOf(path)}`)))
        continue
      }
      // The root's own owner and times are the image's.
      if (path !== '') yield* whole(entry)
      if (member.kind === 'directory' && marks.get('opaque')?.[0] === 0x79)
        yield encodeHeader(marker(join(path, '.wh..wh..opq')))
    }
  })

/** A device 0:0, or where none could be made an empty file with a mark. */
const isWhiteout = ({ member, marks }: TreeEntry): boolean =>
  (member.kind === 'character' && member.deviceMajor === 0 && member.deviceMinor === 0) ||
  (member.kind === 'file' && member.size === 0 && marks.has('whiteout'))

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
