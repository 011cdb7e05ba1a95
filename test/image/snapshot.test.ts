import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadImage } from '../../src/image/archive/load.ts'
import { lookupImage } from '../../src/image/snapshot.ts'
import { referencePath } from '../../src/image/store/layout.ts'
import { directory, file, tar } from './layer/make-tar.ts'
import { needsRoot, scratch } from './layer/unpack-into.ts'
import { makeImage } from './make-image.ts'
import { withStore } from './with-store.ts'

const own = { uid: process.getuid!(), gid: process.getgid!() }

test('no image is undefined, also where there is no store', () => {
  assert.equal(lookupImage('/nonexistent', 'docker.io/library/alpine:latest'), undefined)
})

test('references never meet in one file, nor leave the folder, nor outgrow a file name', () => {
  const references = [
    'docker.io/library/a:1',
    'docker.io/library/a%2F:1',
    '../../etc/passwd',
    '.',
    '..',
    `x/${'y'.repeat(250)}:${'z'.repeat(128)}`,
    `x/${'y'.repeat(250)}:${'z'.repeat(127)}`,
  ]
  const paths = references.map((reference) => referencePath('/root', reference))
  assert.equal(new Set(paths).size, references.length)
  for (const path of paths) {
    const names = path.slice('/root/refs/'.length).split('/')
    assert.ok(
      names.every((name) => name.length < 255 && !/^\.+$/.test(name)),
      path,
    )
  }
})

test('a reference as long as they come is tagged and found', (t) =>
  withStore(t, async (store, folder) => {
    const reference = `docker.io/library/${'y'.repeat(230)}:${'z'.repeat(128)}`
    makeImage(`${folder}/oci`, 'x:1', [tar(file('a', '', own))])
    await loadImage(store, `${folder}/oci`, { reference })
    assert.equal(lookupImage(store.root, reference)?.reference, reference)
  }))

test('a hundred layers fit in one page of mount options, and mount in the right order', needsRoot, (t) =>
  withStore(t, async (store, folder) => {
    const layers = Array.from({ length: 100 }, (_, at) => tar(file('number', `${at}`), file(`only-${at}`)))
    makeImage(`${folder}/oci`, 'x:1', layers)
    await loadImage(store, `${folder}/oci`)
    const { layerDirectories } = lookupImage(store.root, 'docker.io/library/x:1')!
    const option = layerDirectories.map((path) => path.slice(store.root.length + 1)).join(':')
    assert.ok(option.length < 4096)
    mkdirSync(`${folder}/merged`)
    const script = 'cd "$1"; mount -t overlay overlay -o "lowerdir=$2" "$3"; cat "$3/number"; ls "$3" | wc -l'
    const { stdout, stderr } = spawnSync(
      'unshare',
      ['-m', 'sh', '-ec', script, '-', store.root, option, `${folder}/merged`],
      { encoding: 'utf8' },
    )
    assert.equal(stdout, '99101\n', stderr)
  }),
)

test('nothing below a layer whose root is opaque', (t) =>
  withStore(t, async (store, folder) => {
    makeImage(`${folder}/oci`, 'x:1', [
      tar(file('low', '', own)),
      tar(file('.wh..wh..opq'), file('mid', '', own)),
      tar(directory('top', own)),
    ])
    await loadImage(store, `${folder}/oci`)
    const { layerDirectories } = lookupImage(store.root, 'docker.io/library/x:1')!
    assert.equal(layerDirectories.length, 2)
  }))

test("without privileges: loaded by a user, mounted in that user's namespace", needsRoot, (t) => {
  const folder = scratch(t)
  const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups']
  const layers = [
    tar(file('gone'), file('o/old', 'x', { uid: 5 })),
    tar(file('.wh.gone'), directory('o'), file('o/.wh..wh..opq'), file('o/new'), {
      path: 'null',
      type: '3',
      major: 1,
      minor: 3,
    }),
  ]
  makeImage(`${folder}/oci`, 'x:1', layers)
  mkdirSync(`${folder}/merged`)
  execFileSync('chown', ['-R', '65534:65534', folder])
  const child = fileURLToPath(new URL('load-in-child.ts', import.meta.url))
  const runtime = process.versions.bun ? [child] : ['--import', 'tsx', child]
  const loaded = spawnSync(
    'setpriv',
    [...nobody, process.execPath, ...runtime, `${folder}/store`, `${folder}/oci`],
    {
      encoding: 'utf8',
      env: { ...process.env, HOME: folder },
    },
  )
  assert.equal(loaded.stdout, 'open\ndocker.io/library/x:1\n', loaded.stderr)
  const image = lookupImage(`${folder}/store`, 'docker.io/library/x:1')!
  assert.equal(image.overlayXattrs, 'user')
  const script =
    'mount -t overlay overlay -o "userxattr,lowerdir=$1" "$2"; cd "$2"; find . | sort | tr "\\n" " "'
  const mounted = spawnSync(
    'setpriv',
    [
      ...nobody,
      'unshare',
      '-Urm',
      'sh',
      '-ec',
      script,
      '-',
      image.layerDirectories.join(':'),
      `${folder}/merged`,
    ],
    { encoding: 'utf8' },
  )
  assert.equal(mounted.stdout, '. ./o ./o/new ', mounted.stderr)
})

test('looking up loads no node:fs', () => {
  const snapshot = fileURLToPath(new URL('../../src/image/snapshot.ts', import.meta.url))
  const seen = new Set<string>()
  const visit = (path: string): void => {
    if (seen.has(path)) return
    seen.add(path)
    for (const [, kind, specifier] of readFileSync(path, 'utf8').matchAll(
      /^import (type )?.*?from '([^']+)'/gms,
    )) {
      assert.ok(!/^node:/.test(specifier!), `${path} imports ${specifier}`)
      if (kind === undefined && specifier!.startsWith('.'))
        visit(fileURLToPath(new URL(specifier!, `file://${path}`)))
    }
  }
  visit(snapshot)
  assert.ok(seen.size > 3)
})

test(
  'root of a user namespace with one id: what cannot be given away stays ours, without setuid',
  needsRoot,
  (t) => {
    const folder = scratch(t)
    const layer = tar(file('other', 'x', { uid: 5, mode: 0o4755 }), file('ours', 'x', { mode: 0o4755 }), {
      path: 'null',
      type: '3',
      major: 1,
      minor: 3,
    })
    makeImage(`${folder}/oci`, 'x:1', [layer])
    const child = fileURLToPath(new URL('load-in-child.ts', import.meta.url))
    const runtime = process.versions.bun ? [child] : ['--import', 'tsx', child]
    const loaded = spawnSync(
      'unshare',
      ['-Ur', process.execPath, ...runtime, `${folder}/store`, `${folder}/oci`],
      { encoding: 'utf8' },
    )
    assert.equal(loaded.stdout, 'open\ndocker.io/library/x:1\n', loaded.stderr)
    const [root] = lookupImage(`${folder}/store`, 'docker.io/library/x:1')!.layerDirectories
    assert.deepEqual([statSync(`${root}/other`).mode & 0o7777, statSync(`${root}/other`).uid], [0o755, 0])
    assert.equal(statSync(`${root}/ours`).mode & 0o7777, 0o4755)
    assert.ok(!existsSync(`${root}/null`))
  },
)
