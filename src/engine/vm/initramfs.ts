/** An initramfs: files in the newc format of cpio(5), as the kernel unpacks them into its first root. */

const REGULAR = 0o100755
const DIRECTORY = 0o040755
const TRAILER = 'TRAILER!!!'

/** @param files by absolute path; their folders come along */
export function encodeInitramfs(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const folders = new Set<string>()
  for (const path of Object.keys(files)) {
    const parts = path.slice(1).split('/').slice(0, -1)
    parts.forEach((_, i) => {
      folders.add(parts.slice(0, i + 1).join('/'))
    })
  }
  const entries = [
    ...[...folders].map((name) => entry(name, DIRECTORY, new Uint8Array())),
    ...Object.entries(files).map(([path, content]) => entry(path.slice(1), REGULAR, content)),
    entry(TRAILER, 0, new Uint8Array()),
  ]
  return Buffer.concat(entries)
}

let inode = 0

/** Thirteen fields of eight hex digits after the magic; name and content each end on a multiple of four. */
function entry(name: string, mode: number, content: Uint8Array): Uint8Array {
  const numbers = [++inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length + 1, 0]
  const header = `070701${numbers.map((one) => one.toString(16).padStart(8, '0')).join('')}${name}\0`
  return Buffer.concat([padded(Buffer.from(header)), padded(content)])
}

const padded = (bytes: Uint8Array): Uint8Array => Buffer.concat([bytes], Math.ceil(bytes.length / 4) * 4)
