import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { RegistryError } from '../../../src/errors.ts'
import { directory, file, hardlink, symlink, tar } from './make-tar.ts'
import { listTree, needsRoot, scratch, unpackInto } from './unpack-into.ts'

const refuses = (bytes: Buffer, folder: string, message: RegExp) =>
  assert.rejects(
    unpackInto(folder, bytes),
    (error) => error instanceof RegistryError && message.test(error.message),
  )

/** A tree with one of everything: modes, owners, xattrs, capabilities, links, devices, odd names, odd times. */
function makeTree(root: string): void {
  const shell = String.raw`
    set -e; mkdir -p "$1/bin" "$1/etc/deep/er" "$1/tmp" "$1/dev" "$1/shared"; cd "$1"
    echo hello > bin/tool; cp bin/tool bin/suid; cp bin/tool bin/cap; ln bin/tool bin/tool-link
    chown 1000:1001 bin/suid; chmod 6755 bin/suid; chmod 1777 tmp; chown 5:6 shared; chmod 2775 shared
    setcap cap_net_raw+ep bin/cap
    ln -s ../bin/tool etc/tool; ln -s /nowhere etc/dangling; chown -h 7:8 etc/dangling
    mknod dev/null c 1 3; mknod dev/loop b 7 300; mkfifo dev/fifo; chmod 666 dev/null
    printf x > "$(printf 'etc/caf\351')"; printf y > 'etc/a b
c'; : > etc/empty
    touch -d '1969-12-31 23:59:58.25' bin/cap; touch -hd '2001-02-03 04:05:06.123456789' etc/tool
    touch -d '2031-02-03 04:05:06.987654321' etc/deep/er etc/deep bin .
    chmod 0 etc/deep/er; chmod 0555 etc`
  execFileSync('bash', ['-c', shell, '-', root])
  execFileSync('python3', [
    '-c',
    'import os,sys; os.setxattr(sys.argv[1]+"/etc/empty", "user.note", b"\\0\\n="); os.setxattr(sys.argv[1]+"/tmp", "user.dir", b"")',
    root,
  ])
}

const tarOf = (tree: string, out: string, ...flags: string[]): Buffer => {
  execFileSync('tar', [
    '-C',
    tree,
    '--xattrs',
    '--xattrs-include=*',
    '--numeric-owner',
    ...flags,
    '-cf',
    out,
    '.',
  ])
  return readFileSync(out)
}

test(
  "owners and modes are the layer's, whatever our umask and group would give a new file",
  needsRoot,
  async (t) => {
    const folder = scratch(t)
    const entries = [0o777, 0o644, 0o600, 0o4755, 0o444].map((mode) =>
      file(`${mode.toString(8)}`, 'x', { mode, uid: 0, gid: 0 }),
    )
    const others = [
      file('theirs', 'x', { mode: 0o640, uid: 7, gid: 12 }),
      { ...symlink('link', 'theirs'), gid: 12 },
    ]
    const [umask, group] = [process.umask(0o137), process.getegid!()]
    process.setegid!(12)
    try {
      await unpackInto(`${folder}/out`, tar(...entries, ...others))
    } finally {
      process.setegid!(group)
      process.umask(umask)
    }
    const is = (name: string): string => {
      const { mode, uid, gid } = lstatSync(`${folder}/out/${name}`)
      return `${(mode & 0o7777).toString(8)} ${uid}:${gid}`
    }
    for (const mode of ['777', '644', '600', '4755', '444']) assert.equal(is(mode), `${mode} 0:0`)
    assert.equal(is('theirs'), '640 7:12')
    assert.equal(is('link'), '777 0:12')
  },
)

test('the tree comes back exactly, as GNU tar extracts it', needsRoot, async (t) => {
  const folder = scratch(t)
  makeTree(`${folder}/tree`)
  const bytes = tarOf(`${folder}/tree`, `${folder}/layer.tar`, '--format=pax')
  const { skipped } = await unpackInto(`${folder}/ours`, bytes, { pieces: 10_000 })
  mkdirSync(`${folder}/gnu`)
  execFileSync('tar', [
    '-C',
    `${folder}/gnu`,
    '--xattrs',
    '--xattrs-include=*',
    '--numeric-owner',
    '-xpf',
    `${folder}/layer.tar`,
  ])
  assert.equal(skipped.size, 0)
  assert.equal(listTree(`${folder}/ours`), listTree(`${folder}/tree`))
  assert.equal(listTree(`${folder}/ours`), listTree(`${folder}/gnu`))
})

test('a layer that umoci made comes out as umoci unpacks it', needsRoot, async (t) => {
  const folder = scratch(t)
  const umoci = (...args: string[]) => execFileSync('umoci', args, { cwd: folder, stdio: 'pipe' })
  umoci('init', '--layout', 'oci')
  umoci('new', '--image', 'oci:one')
  umoci('unpack', '--image', 'oci:one', 'bundle')
  makeTree(`${folder}/bundle/rootfs`)
  umoci('repack', '--image', 'oci:two', 'bundle')
  umoci('raw', 'unpack', '--image', 'oci:two', 'theirs')
  const index = JSON.parse(readFileSync(`${folder}/oci/index.json`, 'utf8'))
  const two = index.manifests.find((entry: { annotations: Record<string, string> }) =>
    Object.values(entry.annotations).includes('two'),
  )
  const blob = (digest: string) => readFileSync(`${folder}/oci/blobs/sha256/${digest.slice(7)}`)
  const { layers } = JSON.parse(blob(two.digest).toString())
  const layer = execFileSync('gzip', ['-dc'], { input: blob(layers.at(-1).digest), maxBuffer: 1 << 28 })
  await unpackInto(`${folder}/ours`, layer)
  assert.equal(listTree(`${folder}/ours`), listTree(`${folder}/theirs`))
})

test('twenty thousand entries', async (t) => {
  const folder = scratch(t)
  const own = { uid: process.getuid!(), gid: process.getgid!() }
  const entries = Array.from({ length: 20_000 }, (_, at) =>
    at % 200 === 0 ? directory(`d${at}`, own) : file(`d${at - (at % 200)}/f${at}`, `${at}`, own),
  )
  await unpackInto(`${folder}/out`, tar(...entries))
  assert.equal(readdirSync(`${folder}/out`).length, 100)
  assert.equal(readdirSync(`${folder}/out`, { recursive: true }).length, 20_000)
  assert.equal(readFileSync(`${folder}/out/d19800/f19999`, 'utf8'), '19999')
})

test('entries replace earlier ones of the same layer', needsRoot, async (t) => {
  const out = `${scratch(t)}/out`
  await unpackInto(
    out,
    tar(
      file('a', '1'),
      file('a', '2', { mode: 0o600 }),
      directory('b'),
      file('b/x', '1'),
      file('b', 'file now'),
      file('c', 'file'),
      directory('c'),
      file('c/y', '2'),
      directory('d', { mode: 0o700 }),
      file('d/kept', '1'),
      directory('d', { mode: 0o711 }),
      symlink('e', 'd'),
      directory('e'),
      file('e/z', '3'),
      file('f', '1'),
      symlink('f', 'a'),
      file('g', 'target'),
      symlink('h', 'g'),
      file('h', 'not through the link'),
    ),
  )
  const text = (name: string) => readFileSync(`${out}/${name}`, 'utf8')
  assert.deepEqual(
    [text('a'), text('b'), text('c/y'), text('d/kept'), text('e/z'), text('g'), text('h')],
    ['2', 'file now', '2', '1', '3', 'target', 'not through the link'],
  )
  assert.equal(statSync(`${out}/a`).mode & 0o777, 0o600)
  assert.equal(statSync(`${out}/d`).mode & 0o777, 0o711)
  assert.equal(readlinkSync(`${out}/f`), 'a')
  assert.ok(!existsSync(`${out}/d/z`))
})

test('a directory that was replaced is not written through its old fd', needsRoot, async (t) => {
  const out = `${scratch(t)}/out`
  await unpackInto(
    out,
    tar(
      directory('d'),
      directory('other'),
      file('d/one'),
      symlink('d', 'other'),
      file('d/two'),
      file('d', 'gone'),
      directory('d'),
      file('d/three'),
    ),
  )
  assert.deepEqual(readdirSync(out, { recursive: true }).sort(), ['d', 'd/three', 'other', 'other/two'])
})

test('symlinks inside the layer are followed inside the layer', needsRoot, async (t) => {
  const out = `${scratch(t)}/out`
  await unpackInto(
    out,
    tar(
      directory('usr/lib'),
      symlink('lib', '/usr/lib'),
      file('lib/x', '1'),
      directory('lib/sub', { mode: 0o710 }),
      hardlink('usr/y', 'lib/x'),
    ),
  )
  assert.equal(readFileSync(`${out}/usr/lib/x`, 'utf8'), '1')
  assert.equal(statSync(`${out}/usr/lib/sub`).mode & 0o777, 0o710)
  assert.equal(statSync(`${out}/usr/y`).nlink, 2)
})

test("parents that the archive leaves out are root's, 0755, under any umask", needsRoot, async (t) => {
  const out = `${scratch(t)}/out`
  const before = process.umask(0o077)
  try {
    await unpackInto(out, tar(file('a/b/c', 'x', { mode: 0o666 })))
  } finally {
    process.umask(before)
  }
  assert.deepEqual([statSync(`${out}/a`).mode & 0o7777, statSync(`${out}/a/b`).mode & 0o7777], [0o755, 0o755])
  assert.equal(statSync(`${out}/a/b/c`).mode & 0o7777, 0o666)
})

test("without privileges: files stay the user's, device nodes are left out; both are told", async (t) => {
  const out = `${scratch(t)}/out`
  const target = { chown: false, devices: false, overlayXattrs: 'user' } as const
  const { skipped } = await unpackInto(
    out,
    tar(
      file('a', 'x', { uid: 12, gid: 13 }),
      { path: 'null', type: '3', major: 1, minor: 3 },
      file('dir/.wh..wh..opq'),
    ),
    { target },
  )
  assert.equal(statSync(`${out}/a`).uid, process.getuid!())
  assert.deepEqual(
    [...skipped],
    [
      ['owners', 1],
      ['device nodes', 1],
    ],
  )
  assert.ok(!existsSync(`${out}/null`))
  assert.match(listTree(`${out}/dir`), /user\.overlay\.opaque/)
})

test('errors name the entry', needsRoot, async (t) => {
  const folder = scratch(t)
  await refuses(
    tar(file('f'), file('f/x')),
    `${folder}/b`,
    /^Cannot unpack "f\/x": "f" is in the way and is not a directory$/,
  )
  await refuses(
    tar(hardlink('l', 'nothing')),
    `${folder}/c`,
    /^Cannot unpack "l": it is a hard link to "nothing", which is not in this layer$/,
  )
  await refuses(tar(directory('d'), hardlink('l', 'd')), `${folder}/d`, /^Cannot unpack "l": linkat\(.*EPERM/)
  await refuses(
    tar(file('\x1b[31mred\nname/../x')),
    `${folder}/e`,
    /^Cannot unpack "\\u001b\[31mred\\nname\/\.\.\/x": its name contains "\.\."$/,
  )
})

test('a wrong diff id is refused', async (t) => {
  const bytes = tar(file('a'))
  const altered = Buffer.concat([bytes, Buffer.from('x')])
  const { unpackLayer } = await import('../../../src/image/layer/unpack-layer.ts')
  const { call } = await import('../../../src/linux/call.ts')
  const fd = call('openat', [-100, scratch(t), 0, 0])
  const diffId = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const target = { directory: fd, overlayXattrs: 'user', chown: false, devices: false } as const
  async function* source() {
    yield altered
  }
  await assert.rejects(unpackLayer(source(), { diffId, target }), /what was unpacked has the digest sha256:/)
  call('close', [fd])
})

/** Mounts the layers, top first, in a mount namespace of its own and runs a script in the merged root. */
function inOverlay(layers: string[], script: string): string {
  const mounted = spawnSync(
    'unshare',
    [
      '-m',
      'sh',
      '-ec',
      `mkdir -p "$1"; mount -t overlay overlay -o "lowerdir=$2" "$1"; cd "$1"; ${script}`,
      '-',
      `${layers[0]}-merged`,
      layers.join(':'),
    ],
    { encoding: 'utf8' },
  )
  assert.equal(mounted.status, 0, mounted.stderr)
  return mounted.stdout
}

test('overlayfs sees whiteouts and opaque directories', needsRoot, async (t) => {
  const folder = scratch(t)
  await unpackInto(
    `${folder}/lower`,
    tar(
      file('gone', 'x'),
      file('kept', '1'),
      directory('opaque'),
      file('opaque/old'),
      directory('removed'),
      file('removed/old'),
      directory('again'),
      file('again/old'),
      directory('later'),
      file('later/old'),
      directory('implied'),
      file('implied/old'),
    ),
  )
  await unpackInto(
    `${folder}/upper`,
    tar(
      file('.wh.gone'),
      directory('opaque'),
      file('opaque/.wh..wh..opq'),
      file('opaque/new'),
      file('.wh.removed'),
      // Deleted and made anew: nothing of the old one shows, whichever comes first.
      file('.wh.again'),
      directory('again'),
      file('again/new'),
      directory('later'),
      file('later/new'),
      file('.wh.later'),
      file('.wh.implied'),
      file('implied/new'),
      // AUFS's own.
      directory('.wh..wh.plnk'),
      file('.wh..wh.plnk/12.34', 'x'),
      file('.wh..wh.aufs'),
    ),
  )
  const whiteout = lstatSync(`${folder}/upper/gone`)
  assert.ok(whiteout.isCharacterDevice() && whiteout.rdev === 0)
  assert.equal(
    inOverlay([`${folder}/upper`, `${folder}/lower`], 'find . | sort | tr "\\n" " "'),
    '. ./again ./again/new ./implied ./implied/new ./kept ./later ./later/new ./opaque ./opaque/new ',
  )
})

test('a file and its whiteout in one layer: the file stays', needsRoot, async (t) => {
  const folder = scratch(t)
  await unpackInto(`${folder}/lower`, tar(file('a', 'old'), file('b', 'old')))
  await unpackInto(`${folder}/upper`, tar(file('a', 'new'), file('.wh.a'), file('.wh.b'), file('b', 'new')))
  assert.equal(inOverlay([`${folder}/upper`, `${folder}/lower`], 'cat a b'), 'newnew')
})

test('what umask, setgid parents and O_EXCL could spoil', needsRoot, async (t) => {
  const out = `${scratch(t)}/out`
  await unpackInto(
    out,
    tar(
      directory('s', { mode: 0o2775, gid: 50 }),
      directory('s/sub', { mode: 0o755, gid: 0 }),
      file('s/f', '', { gid: 0 }),
    ),
  )
  assert.equal(statSync(`${out}/s`).mode & 0o7777, 0o2775)
  assert.deepEqual(
    [statSync(`${out}/s/sub`).gid, statSync(`${out}/s/sub`).mode & 0o7777, statSync(`${out}/s/f`).gid],
    [0, 0o755, 0],
  )
})
