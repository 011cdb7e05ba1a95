/** Where `save` and `export` write: a file, replaced when all of it is there, or the standard output. */
import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { StateError, UsageError } from '../../errors.ts'
import { writeOut } from './output.ts'

type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/**
 * Before any work is done.
 * @param doing docker's word: `save`, `export`
 * @throws UsageError when it would go to a terminal; StateError when the folder is not there
 */
export function checkOutput(path: string | undefined, doing: string): void {
  if (path === undefined || path === '') {
    if (!process.stdout.isTTY) return
    throw new StateError(`cowardly refusing to ${doing} to a terminal. Use the -o flag or redirect`)
  }
  if (typeOf(dirname(path)) !== 'folder') {
    throw new StateError(`invalid output path: directory ${JSON.stringify(dirname(path))} does not exist`)
  }
  if (typeOf(path) === 'folder')
    throw new UsageError(`invalid output path: ${JSON.stringify(path)} is a directory`)
}

function typeOf(path: string): 'none' | 'folder' | 'file' | 'other' {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return 'none'
  return stat.isDirectory() ? 'folder' : stat.isFile() ? 'file' : 'other'
}

export async function writeOutput(path: string | undefined, source: Bytes): Promise<void> {
  if (path === undefined || path === '') return writeStdout(source)
  // A device or a fifo is written into, not replaced.
  const isPlace = typeOf(path) === 'other'
  const name = isPlace ? path : `${path}.${process.pid}.tmp`
  const fd = openSync(name, isPlace ? 'w' : 'wx', 0o600)
  try {
    for await (const piece of source) {
      for (let at = 0; at < piece.length; ) at += writeSync(fd, piece, at)
    }
    if (!isPlace) renameSync(name, path)
  } catch (cause) {
    if (!isPlace) rmSync(name, { force: true })
    if ((cause as NodeJS.ErrnoException).code !== 'ENOSPC') throw cause
    throw new StateError(`Cannot write ${path}: no space is left on the disk`, { cause })
  } finally {
    closeSync(fd)
  }
}

async function writeStdout(source: Bytes): Promise<void> {
  for await (const piece of source) writeOut(piece)
}
