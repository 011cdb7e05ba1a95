/**
 * Layers that try to reach outside: a corpus by advisory. Each is unpacked as root beside a canary that must not change;
 * what may be taken is taken inside the layer, what makes no sense is refused with the entry's name.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { directory, file, hardlink, header, pad, paxBody, symlink, tar } from '../image/layer/make-tar.ts'
import { needsRoot } from '../image/layer/unpack-into.ts'
import { makeArena } from './canary.ts'

test('CVE-2014-6407: docker load wrote through symlinks and hard links', needsRoot, async (t) => {
  const { attack, canary, layer } = makeArena(t)
  // The absolute target is looked up in the layer, where it dangles.
  assert.match(
    (await attack(tar(symlink('link', canary), file('link/escaped', 'x'))))!.message,
    /"link\/escaped"/,
  )
  assert.match(
    (await attack(tar(hardlink('stolen', `${canary}/file`))))!.message,
    /"stolen".*not in this layer/,
  )
  assert.ok(!existsSync(`${layer}/stolen`))
})

test('CVE-2014-9356: absolute symlinks and absolute names', needsRoot, async (t) => {
  const { attack, canary, layer } = makeArena(t)
  assert.equal(await attack(tar(file(`${canary}/file`, 'inside the layer'))), undefined)
  assert.equal(readFileSync(`${layer}${canary}/file`, 'utf8'), 'inside the layer')
  assert.equal(
    await attack(tar(symlink('absolute', canary), directory(canary.slice(1)), file('absolute/new', 'x'))),
    undefined,
  )
  assert.ok(existsSync(`${layer}${canary}/new`))
})

test('parent directories in names: `..` anywhere is refused', needsRoot, async (t) => {
  const { attack } = makeArena(t)
  for (const path of ['../escaped', 'a/../../escaped', '..', './..', 'a/..', '/../escaped', 'a/b/../c']) {
    assert.match((await attack(tar(file(path, 'x'))))!.message, /name contains "\.\."/, path)
  }
  assert.match(
    (await attack(tar(symlink('up', '..'), file('up/escaped', 'x'))))?.message ?? 'taken inside',
    /taken inside/,
  )
})

test('relative symlinks that climb', needsRoot, async (t) => {
  const { attack, layer } = makeArena(t)
  await attack(tar(directory('a'), symlink('a/up', '../../canary'), file('a/up/file', 'x')))
  await attack(tar(symlink('b', '../canary/file'), file('b', 'x')))
  assert.equal(readFileSync(`${layer}/b`, 'utf8'), 'x')
  await attack(
    tar(symlink('c1', '..'), symlink('c2', 'c1/..'), symlink('c3', 'c2/canary'), file('c3/file', 'x')),
  )
})

test('the final component: an existing symlink is replaced, never followed', needsRoot, async (t) => {
  const { attack, canary, layer } = makeArena(t)
  for (const entry of [
    file('x', 'new'),
    directory('x'),
    { path: 'x', type: '6' },
    { path: 'x', type: '3', major: 1, minor: 3 },
  ]) {
    assert.equal(await attack(tar(symlink('x', `${canary}/file`), entry)), undefined)
    assert.ok(!lstatSync(`${layer}/x`).isSymbolicLink())
  }
})

test('CVE-2021-29136: umoci let a layer replace its own root by a symlink', needsRoot, async (t) => {
  const { attack, canary, layer } = makeArena(t)
  for (const path of ['.', './', '/', '', '//', './.']) {
    for (const type of ['2', '0', '1', '6']) {
      assert.match(
        (await attack(tar({ path, type, link: canary }, file('file', 'x'))))!.message,
        /place of the layer itself/,
      )
    }
  }
  assert.ok(statSync(layer).isDirectory())
})

test('CVE-2021-32760: containerd changed the mode of files outside', needsRoot, async (t) => {
  const { attack, canary } = makeArena(t)
  await attack(tar(symlink('s', `${canary}/file`), hardlink('h', 's'), file('h', 'x', { mode: 0o777 })))
  await attack(tar(symlink('s', `${canary}/directory`), directory('s', { mode: 0o777, uid: 12 })))
  await attack(tar(symlink('s', `${canary}/file`), { ...hardlink('h', 's'), mode: 0o777, uid: 12 }))
})

test(
  'CVE-2025-47290: a directory that is exchanged while containerd unpacks into it',
  needsRoot,
  async (t) => {
    const { attack, canary, layer } = makeArena(t)
    const racer = spawn('python3', [
      '-c',
      `
import ctypes, os, sys, time
libc = ctypes.CDLL(None)
end = time.time() + 20
os.symlink(sys.argv[1], sys.argv[2] + '/trap')
print('ready', flush=True)
while time.time() < end:
    libc.renameat2(-100, (sys.argv[2] + '/d').encode(), -100, (sys.argv[2] + '/trap').encode(), 2)
`,
      canary,
      layer,
    ])
    try {
      await new Promise((resolve) => racer.stdout.once('data', resolve))
      for (let round = 0; round < 5; round++) {
        const entries = Array.from({ length: 400 }, (_, at) => [
          directory(`d/${at}`),
          file(`d/${at}/escaped`, 'x'),
        ]).flat()
        await attack(
          tar(directory('d'), ...entries, hardlink('d/file', 'd/0/escaped'), file('d/directory/.wh.inner')),
        )
      }
    } finally {
      racer.kill('SIGKILL')
    }
  },
)

test('CVE-2026-26960: a hard link whose target goes through a chain of symlinks', needsRoot, async (t) => {
  const { attack, layer } = makeArena(t)
  const chain = [directory('a/b/c'), symlink('a/b/c/up', '../../..'), symlink('escape', 'a/b/c/up/../canary')]
  const failure = await attack(
    tar(...chain, hardlink('stolen', 'escape/file'), file('stolen', 'overwritten')),
  )
  assert.match(failure!.message, /"stolen".*not in this layer/)
  assert.ok(!existsSync(`${layer}/stolen`))
})

test(
  'CVE-2026-24842: a hard link target that means one thing to the check and another to link(2)',
  needsRoot,
  async (t) => {
    const { attack } = makeArena(t)
    for (const target of ['../canary/file', 'a/../../canary/file', './../canary/file', '/../canary/file']) {
      assert.match(
        (await attack(tar(directory('a'), hardlink('a/stolen', target))))!.message,
        /name contains "\.\."/,
      )
    }
  },
)

test('CVE-2026-29786: a hard link target with a drive letter', needsRoot, async (t) => {
  const { attack } = makeArena(t)
  assert.match((await attack(tar(hardlink('stolen', 'C:../canary/file'))))!.message, /not in this layer/)
  assert.match((await attack(tar(hardlink('stolen', 'C:/../canary/file'))))!.message, /contains "\.\."/)
})

test('CVE-2025-59343: tar-fs compared prefixes of symlink targets', needsRoot, async (t) => {
  const { attack, layer } = makeArena(t)
  // A sibling whose name begins like the layer's.
  await attack(tar(symlink('s', `${layer}-sibling/../canary`), file('s/file', 'x')))
  await attack(tar(symlink('s', '../in/../canary'), file('s/file', 'x')))
})

test('CVE-2026-53655: a pax size before a long name must not move the next header', needsRoot, async (t) => {
  const { attack, layer } = makeArena(t)
  const body = paxBody({ size: '2048' })
  const pax = Buffer.concat([header({ type: 'x', data: body }), pad(body)])
  const name = Buffer.concat([header({ type: 'L', data: 'longname\0' }), pad(Buffer.from('longname\0'))])
  const failure = await attack(tar(pax, name, file('a', 'x'.repeat(16)), file('hidden', 'y')))
  // The size is the file's: it swallows what a naive reader would have shown as the next entry, then the end.
  assert.equal(failure, undefined)
  assert.equal(statSync(`${layer}/longname`).size, 2048)
  assert.ok(!existsSync(`${layer}/hidden`))
})

test('whiteouts of nothing, of the parent, of the layer', needsRoot, async (t) => {
  const { attack, canary } = makeArena(t)
  for (const path of ['.wh.', 'a/.wh.', '.wh..', '.wh...', 'a/.wh...']) {
    assert.match((await attack(tar(file(path))))!.message, /whiteout of no name/, path)
  }
  assert.match((await attack(tar(file('../.wh.canary'))))!.message, /contains "\.\."/)
  assert.match((await attack(tar(file('.wh.a/b'))))!.message, /inside a whiteout/)
  await attack(tar(symlink('s', canary), file('s/.wh.file'), file('s/.wh..wh..opq')))
  await attack(tar(symlink('s2', '../canary'), file('s2/.wh.directory')))
})

test('names the kernel cannot hold, and NULs', needsRoot, async (t) => {
  const { attack, layer } = makeArena(t)
  const long = (path: string, extra = {}) => tar({ path: 'x', pax: { path }, ...extra })
  assert.match(
    (await attack(long('n'.repeat(256))))!.message,
    /component of its name has more than 255 bytes/,
  )
  assert.match((await attack(long('d/'.repeat(2100))))!.message, /4200 bytes, more than 4095/)
  assert.match(
    (await attack(long('a', { type: '2', pax: { path: 'a', linkpath: 'x'.repeat(5000) } })))!.message,
    /ENAMETOOLONG/,
  )
  assert.equal(await attack(tar(file('visible\0../../escaped', 'x'))), undefined)
  assert.ok(existsSync(`${layer}/visible`))
  assert.equal(await attack(long('d/'.repeat(1500))), undefined)
})

test('symlink loops', needsRoot, async (t) => {
  const { attack } = makeArena(t)
  assert.match(
    (await attack(tar(symlink('a', 'b'), symlink('b', 'a'), file('a/x', 'y'))))!.message,
    /"a\/x".*ELOOP/,
  )
  assert.match((await attack(tar(symlink('self', 'self'), file('self/x', 'y'))))!.message, /ELOOP/)
})

test("magic links and overlayfs's own xattrs", needsRoot, async (t) => {
  const { attack } = makeArena(t)
  await attack(tar(symlink('p', '/proc/self/cwd'), file('p/escaped', 'x')))
  for (const name of [
    'trusted.overlay.redirect',
    'trusted.overlay.metacopy',
    'trusted.overlay.opaque',
    'user.overlay.whiteout',
  ]) {
    const failure = await attack(tar({ path: 'x', pax: { [`SCHILY.xattr.${name}`]: '/../../canary' } }))
    assert.match(failure!.message, /overlayfs's own/)
  }
})

test('owners that no user has', needsRoot, async (t) => {
  const { attack, layer } = makeArena(t)
  for (const uid of ['4294967295', '4294967296', '9007199254740991']) {
    assert.match((await attack(tar({ path: 'x', pax: { uid } })))!.message, /is not a user id/)
  }
  assert.match(
    (await attack(tar(file('x', '', { raw: [[116, Buffer.alloc(8, 0xff)]] }))))!.message,
    /gid -1 is not a group id/,
  )
  assert.equal(await attack(tar({ path: 'x', pax: { uid: '4294967294', mtime: '-62135596800' } })), undefined)
  assert.equal(statSync(`${layer}/x`).uid, 4_294_967_294)
})

test('device numbers out of range', needsRoot, async (t) => {
  const { attack, layer } = makeArena(t)
  assert.match(
    (await attack(tar({ path: 'd', type: '4', major: 0o7777777, minor: 1 })))!.message,
    /device number .* out of range/,
  )
  assert.equal(await attack(tar({ path: 'd', type: '4', major: 4095, minor: 1048575 })), undefined)
  assert.ok(lstatSync(`${layer}/d`).isBlockDevice())
})

test('a hard link that would replace its own directory, or itself', needsRoot, async (t) => {
  const { attack, layer } = makeArena(t)
  assert.match(
    (await attack(tar(directory('d'), file('d/f', 'x'), hardlink('d', 'd/f'))))!.message,
    /replace what it links to/,
  )
  assert.equal(await attack(tar(file('same', 'x'), hardlink('same', './same'))), undefined)
  assert.equal(readFileSync(`${layer}/same`, 'utf8'), 'x')
})
