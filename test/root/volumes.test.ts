/** Volumes as a person uses them: their files outlive the container, and begin with what the image has there. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { skip, tinyctrForTests } from './tinyctr.ts'

const tinyctr = tinyctrForTests()
let image = ''

test('an image with files to begin with', { skip }, async () => {
  image = await tinyctr.image('seeded', {
    config: { Volumes: { '/var/data': {} } },
    entries: [
      { name: 'seed/', type: 'directory', mode: 0o1750, uid: 7, gid: 8 },
      { name: 'seed/file', content: 'from the image', mode: 0o640, uid: 9, gid: 10 },
      { name: 'seed/sub/', type: 'directory', mode: 0o755 },
      { name: 'seed/sub/link', type: 'symlink', linkname: '../file' },
      { name: 'var/data/', type: 'directory', mode: 0o755 },
      { name: 'var/data/own', content: 'kept' },
    ],
  })
})

const data = (name: string): string => join(tinyctr.dataRoot, 'volumes', name, '_data')
const volumes = (): string[] => {
  const folder = join(tinyctr.dataRoot, 'volumes')
  return existsSync(folder) ? readdirSync(folder) : []
}

test('a named volume outlives its container', { skip }, () => {
  assert.equal(tinyctr.inside(['-v', 'kept:/data'], 'echo hello > /data/a; cat /data/a'), 'hello')
  assert.equal(tinyctr.inside(['--mount', 'src=kept,dst=/else'], 'cat /else/a'), 'hello')
  assert.equal(
    tinyctr
      .run(['-v', 'kept:/data:ro'], ['sh', '-c', 'echo x > /data/a'])
      .stderr.includes('Read-only file system'),
    true,
  )
})

test('a new volume begins with what the image has there', { skip }, () => {
  const seen = tinyctr.inside(
    ['-v', 'seeded:/seed'],
    'stat -c "%a %u:%g" /seed /seed/file; cat /seed/sub/link; echo changed > /seed/file',
    { image },
  )
  assert.equal(seen, '1750 7:8\n640 9:10\nfrom the image')
  assert.equal(tinyctr.inside(['-v', 'seeded:/seed'], 'cat /seed/file', { image }), 'changed')
  assert.equal(tinyctr.inside(['-v', 'bare:/seed:nocopy'], 'ls -A /seed', { image }), '')
  assert.equal(tinyctr.inside(['-v', 'guarded:/seed:ro'], 'cat /seed/file', { image }), 'from the image')
  assert.equal(statSync(data('seeded')).uid, 7)
})

test("an image's VOLUME and -v PATH make volumes that go with the container", { skip }, () => {
  const before = volumes()
  const seen = tinyctr.inside(
    ['-v', '/anonymous'],
    'cat /var/data/own; grep -cE " /(var/data|anonymous) " /proc/self/mountinfo',
    { image },
  )
  assert.equal(seen, 'kept2')
  assert.deepEqual(volumes(), before)
})

test('a mount of the user takes the place of the VOLUME', { skip }, () => {
  assert.equal(
    tinyctr.inside(['-v', 'mine:/var/data/'], 'echo mine > /var/data/x; ls /var/data', { image }),
    'own\nx',
  )
  assert.deepEqual(readdirSync(data('mine')), ['own', 'x'])
})

test("a name that cannot be, in Docker's words", { skip }, () => {
  const { status, stderr } = tinyctr.run(['-v', 'a/b:/data'], ['true'])
  assert.equal(status, 125)
  assert.match(stderr, /create a\/b: "a\/b" includes invalid characters for a local volume name/)
})
