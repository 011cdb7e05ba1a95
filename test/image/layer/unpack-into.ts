/** Unpacks a tar made in a test into a fresh directory, and looks at what came out. */

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Limits } from '../../../src/image/layer/limits.ts'
import type { UnpackTarget } from '../../../src/image/layer/unpack.ts'
import { type UnpackedLayer, unpackLayer } from '../../../src/image/layer/unpack-layer.ts'
import { O } from '../../../src/linux/abi/arch.ts'
import { AT } from '../../../src/linux/abi/flags.ts'
import { call } from '../../../src/linux/call.ts'

export const needsRoot = { skip: process.getuid?.() !== 0 && 'needs root' }

/** A scratch folder of the test, deleted after it. TINYCTR_TEST_FOLDER chooses the file system. */
export function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(process.env.TINYCTR_TEST_FOLDER ?? tmpdir(), 'tinyctr-layer-'))
  t.after(() => {
    execFileSync('chmod', ['-R', 'u+rwX', folder])
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

export const diffIdOf = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

export async function* inPieces(bytes: Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

export async function unpackInto(
  folder: string,
  bytes: Uint8Array,
  options: { limits?: Limits; target?: Partial<UnpackTarget>; pieces?: number } = {},
): Promise<UnpackedLayer> {
  mkdirSync(folder, { recursive: true })
  const directory = call('openat', [AT.FDCWD, folder, O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0])
  try {
    return await unpackLayer(inPieces(bytes, options.pieces), {
      diffId: diffIdOf(bytes),
      target: { directory, overlayXattrs: 'trusted', chown: true, devices: true, ...options.target },
      ...(options.limits && { limits: options.limits }),
    })
  } finally {
    call('close', [directory])
  }
}

/**
 * One line for every file: type, mode, owner, size, links, target, times to the nanosecond, xattrs, content. What two
 * tools made of the same layer is equal when these are.
 */
export function listTree(folder: string): string {
  const script = `
import os, stat, sys, hashlib
root = os.fsencode(sys.argv[1])
inodes = {}
def line(path):
    s = os.lstat(path)
    name = os.path.relpath(path, root)
    out = [oct(s.st_mode), s.st_uid, s.st_gid, s.st_mtime_ns]
    if stat.S_ISLNK(s.st_mode): out.append(os.readlink(path))
    if stat.S_ISCHR(s.st_mode) or stat.S_ISBLK(s.st_mode): out.append(s.st_rdev)
    if stat.S_ISREG(s.st_mode):
        out += [s.st_size, hashlib.sha256(open(path, 'rb').read()).hexdigest()]
        if s.st_nlink > 1: out.append(inodes.setdefault(s.st_ino, name))
    out.append(sorted((x, os.getxattr(path, x, follow_symlinks=False)) for x in os.listxattr(path, follow_symlinks=False)))
    print(name, *out)
def walk(path):
    line(path)
    if stat.S_ISDIR(os.lstat(path).st_mode):
        for name in sorted(os.listdir(path)): walk(os.path.join(path, name))
sys.setrecursionlimit(10000)
walk(root)
`
  return execFileSync('python3', ['-c', script, folder], { encoding: 'utf8', maxBuffer: 1 << 30 })
}
