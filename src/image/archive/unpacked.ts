/**
 * Archives as people pack them: gzip and zstd by ourselves, xz and bzip2 by the programs of that name, as docker does.
 * Only whole archives: a layer in one of those is no image's.
 */
import { spawn } from 'node:child_process'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { RegistryError } from '../../errors.ts'
import { decompress, detectCompression } from '../decompress.ts'

/** How the first bytes look (xz file format 2.1.1.1; bzip2). */
const programs: readonly (readonly [name: string, magic: Buffer])[] = [
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0])],
  ['bzip2', Buffer.from('BZh')],
]
const longestMagic = 6

const programOf = (start: Buffer): string | undefined =>
  programs.find(([, magic]) => start.subarray(0, magic.length).equals(magic))?.[0]

/** Whether it begins like something compressed. @param start six bytes at least, unless there are fewer */
export const isPacked = (start: Uint8Array): boolean =>
  detectCompression(start) !== 'none' || programOf(Buffer.from(start)) !== undefined

/** @throws RegistryError when the bytes are damaged, or the program that reads them is not there */
export async function* unpacked(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const pieces = source[Symbol.asyncIterator]()
  const first: Uint8Array[] = []
  for (let length = 0; length < longestMagic; ) {
    const next = await pieces.next()
    if (next.done === true) break
    first.push(next.value)
    length += next.value.length
  }
  const start = Buffer.concat(first)
  async function* whole() {
    try {
      yield start
      for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value
    } finally {
      await pieces.return?.()
    }
  }
  const program = programOf(start)
  yield* program === undefined ? decompress(whole()) : through(program, whole())
}

async function* through(program: string, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const child = spawn(program, ['-dc'], { stdio: ['pipe', 'pipe', 'pipe'] })
  let complaint = ''
  child.stderr.on('data', (text) => (complaint += text))
  const ended = new Promise<string | undefined>((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? `it needs the program ${program}` : error.message),
    )
    child.on('close', (status) =>
      resolve(status === 0 ? undefined : complaint.trim() || `${program} ended with ${status}`),
    )
  })
  // Its end says what went wrong, not the pipe that broke because of it.
  const fed = pipeline(Readable.from(source), child.stdin).catch(() => {})
  try {
    yield* child.stdout as AsyncIterable<Uint8Array>
    await fed
    const failure = await ended
    if (failure !== undefined) throw new RegistryError(`Cannot decompress the archive: ${failure}`)
  } finally {
    child.kill()
  }
}
