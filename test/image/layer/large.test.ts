/** What is large: a file of 8 GB that is mostly hole, and a hundred thousand entries. Compared with what GNU tar makes. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { needsRoot, scratch, unpackInto } from './unpack-into.ts'

const python = (script: string, ...args: string[]): string =>
  execFileSync('python3', ['-c', script, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 })

/** Where a file has data, and what: the holes are not read. */
const extents = `
import hashlib, os, sys
fd, at = os.open(sys.argv[1], os.O_RDONLY), 0
size = os.fstat(fd).st_size
whole = hashlib.sha256(str(size).encode())
try:
    while at < size:
        start = os.lseek(fd, at, os.SEEK_DATA)
        at = os.lseek(fd, start, os.SEEK_HOLE)
        data = os.pread(fd, at - start, start)
        if any(data): whole.update(b'%d %d' % (start, at) + data)
except OSError:
    pass
print(whole.hexdigest())
`

for (const format of ['gnu', 'pax']) {
  test(`8 GB with three islands, in the ${format} format`, needsRoot, async (t) => {
    const folder = scratch(t)
    mkdirSync(`${folder}/in`)
    mkdirSync(`${folder}/theirs`)
    python(
      `
import os, sys
fd = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
for at in (0, 5 << 30, (8 << 30) - 4096): os.pwrite(fd, b'island' * 600, at)
os.ftruncate(fd, 8 << 30)
`,
      `${folder}/in/big`,
    )
    const archive = `${folder}/big.tar`
    execFileSync('tar', ['-C', `${folder}/in`, '--sparse', `--format=${format}`, '-cf', archive, 'big'])
    execFileSync('tar', ['-C', `${folder}/theirs`, '-xf', archive])
    await unpackInto(`${folder}/ours`, readFileSync(archive))
    assert.equal(python(extents, `${folder}/ours/big`), python(extents, `${folder}/theirs/big`))
    const { size, blocks } = statSync(`${folder}/ours/big`)
    assert.equal(size, 8 * 2 ** 30)
    assert.ok(blocks * 512 < 1 << 20, 'the holes are holes')
  })
}

test('a hundred thousand entries', needsRoot, async (t) => {
  const folder = scratch(t)
  const archive = `${folder}/many.tar`
  python(
    `
import io, sys, tarfile
with tarfile.open(sys.argv[1], 'w', format=tarfile.GNU_FORMAT) as tar:
    for number in range(100000):
        entry = tarfile.TarInfo('d%d/%s%d' % (number // 500, 'n' * (number % 120), number))
        entry.mode, entry.uid, entry.mtime, entry.size = 0o600 + number % 64, number % 1000, number, number % 7
        tar.addfile(entry, io.BytesIO(b'x' * entry.size))
`,
    archive,
  )
  mkdirSync(`${folder}/theirs`)
  execFileSync('tar', ['-C', `${folder}/theirs`, '-xpf', archive, '--same-owner'])
  await unpackInto(`${folder}/ours`, readFileSync(archive))
  const list = (path: string): string =>
    execFileSync(
      'sh',
      ['-c', `cd '${path}' && find . -type f -printf '%p %m %U %G %s %T@\\n' | sort | sha256sum`],
      {
        encoding: 'utf8',
      },
    )
  assert.equal(list(`${folder}/ours`), list(`${folder}/theirs`))
})
