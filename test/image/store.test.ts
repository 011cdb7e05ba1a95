import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { RegistryError } from '../../src/errors.ts'
import { loadImage } from '../../src/image/archive/load.ts'
import { holdImages, lookupImage } from '../../src/image/snapshot.ts'
import { ImageStore } from '../../src/image/store.ts'
import { call } from '../../src/linux/call.ts'
import { directory, file, tar } from './layer/make-tar.ts'
import { needsRoot, scratch } from './layer/unpack-into.ts'
import { makeImage, sha256 } from './make-image.ts'
import { withStore } from './with-store.ts'

const own = { uid: process.getuid!(), gid: process.getgid!() }
const base = tar(directory('etc', own), file('etc/base', 'base', own))
const reference = 'docker.io/library/one:latest'
const child = fileURLToPath(new URL('load-in-child.ts', import.meta.url))
const runtime = process.versions.bun ? [child] : ['--import', 'tsx', child]

/** Takes a name away, and what then nothing needs. */
const remove = (store: ImageStore, name: string, patience?: number) =>
  store.exclusively(
    'remove it',
    async () => {
      store.drop([name])
      const { blobs, layers } = await store.collect()
      return { blobs, layers: layers.length }
    },
    patience,
  )

/** Everything in a store that should not be there once no command runs. */
const leftovers = (root: string): string[] => [
  ...readdirSync(`${root}/tmp`),
  ...readdirSync(`${root}/partial`).map((name) => `partial/${name}`),
]

const write = async (store: ImageStore, digest: string, bytes: Buffer, size = bytes.length) => {
  const writer = await store.content.newBlob(digest)
  try {
    await writer.write(bytes.subarray(writer.resumeFrom))
    await writer.commit({ mediaType: 'text/plain', digest, size })
    return writer.resumeFrom
  } finally {
    await writer.abort()
  }
}

test('a store is an OCI layout that belongs to its user alone', (t) =>
  withStore(t, async (store) => {
    assert.equal(readFileSync(`${store.root}/oci-layout`, 'utf8'), '{"imageLayoutVersion":"1.0.0"}')
    assert.deepEqual(JSON.parse(readFileSync(`${store.root}/index.json`, 'utf8')).manifests, [])
    for (const name of ['', 'blobs', 'blobs/sha256', 'layers', 'refs', 'tmp']) {
      assert.equal(statSync(`${store.root}/${name}`).mode & 0o777, 0o700, name)
    }
  }))

test('blobs: written, found, read, verified', (t) =>
  withStore(t, async (store) => {
    const bytes = Buffer.from('a blob')
    const digest = sha256(bytes)
    assert.equal(store.content.has(digest), false)
    await assert.rejects(store.content.read(digest), /it is not in the store/)
    await write(store, digest, bytes)
    assert.deepEqual(Buffer.from(await store.content.read(digest)), bytes)
    writeFileSync(`${store.root}/blobs/sha256/${digest.slice(7)}`, 'altered')
    await assert.rejects(
      store.content.read(digest),
      (error) => error instanceof RegistryError && /stored blob/.test(error.message),
    )
    for (const bad of ['sha256:../../etc/passwd', 'md5:00', 'sha256:', `sha256:${'A'.repeat(64)}`]) {
      assert.throws(() => store.content.has(bad), RegistryError)
    }
  }))

test('a blob with the wrong digest or size leaves nothing, and is not resumed', (t) =>
  withStore(t, async (store) => {
    const bytes = Buffer.from('right')
    const digest = sha256(bytes)
    await assert.rejects(write(store, digest, Buffer.from('wrong')), RegistryError)
    await assert.rejects(write(store, digest, bytes, 6), RegistryError)
    assert.deepEqual(readdirSync(`${store.root}/partial`), [])
    assert.equal(await write(store, digest, bytes), 0)
  }))

test('an interrupted blob is resumed, by one writer at a time', (t) =>
  withStore(t, async (store) => {
    const bytes = Buffer.alloc(3_000_000, 'abc')
    const digest = sha256(bytes)
    const first = await store.content.newBlob(digest)
    await first.write(bytes.subarray(0, 2_000_000))
    const second = await store.content.newBlob(digest)
    assert.equal(second.resumeFrom, 0)
    await second.abort()
    await first.abort()
    await assert.rejects(async () => first.write(bytes), /closed/)
    assert.equal(await write(store, digest, bytes), 2_000_000)
    assert.deepEqual(
      leftovers(store.root).filter((name) => name.startsWith('partial')),
      [],
    )
  }))

test('skopeo and umoci read the store in place', needsRoot, (t) =>
  withStore(t, async (store, folder) => {
    makeImage(`${folder}/oci`, reference, [base])
    await loadImage(store, `${folder}/oci`)
    const inspected = JSON.parse(
      execFileSync('skopeo', ['inspect', `oci:${store.root}:latest`], { encoding: 'utf8' }),
    )
    assert.equal(inspected.Layers.length, 1)
    execFileSync('umoci', ['unpack', '--image', `${store.root}:latest`, `${folder}/bundle`], {
      stdio: 'pipe',
    })
    assert.equal(readFileSync(`${folder}/bundle/rootfs/etc/base`, 'utf8'), 'base')
  }),
)

test('remove takes the name, and with the last name what nothing else needs', (t) =>
  withStore(t, async (store, folder) => {
    makeImage(`${folder}/oci`, reference, [base, tar(file('one', '1', own))])
    makeImage(`${folder}/oci`, 'docker.io/library/two:1', [base, tar(file('two', '2', own))])
    await loadImage(store, `${folder}/oci`)
    const two = lookupImage(store.root, 'docker.io/library/two:1')!
    assert.deepEqual(await remove(store, reference), { blobs: 3, layers: 1 })
    assert.equal(lookupImage(store.root, reference), undefined)
    assert.equal(store.content.resolve(reference), undefined)
    for (const path of two.layerDirectories) assert.ok(existsSync(path))
    assert.deepEqual(await remove(store, reference), { blobs: 0, layers: 0 })
    assert.deepEqual(await remove(store, 'docker.io/library/two:1'), { blobs: 4, layers: 2 })
    for (const name of ['blobs/sha256', 'layers', 'l', 'refs'])
      assert.deepEqual(readdirSync(`${store.root}/${name}`), [])
  }))

test('remove waits for those who use the images', (t) =>
  withStore(t, async (store, folder) => {
    makeImage(`${folder}/oci`, reference, [base])
    await loadImage(store, `${folder}/oci`)
    const held = holdImages(store.root)
    await assert.rejects(remove(store, reference, 50), /another command is using the images/)
    assert.ok(lookupImage(store.root, reference))
    call('close', [held])
    assert.ok(await remove(store, reference))
  }))

test('two processes load the same image at once', async (t) => {
  const folder = scratch(t)
  const entries = Array.from({ length: 3000 }, (_, at) => file(`f${at}`, `${at}`, own))
  makeImage(`${folder}/oci`, reference, [base, tar(...entries)])
  const outputs = await Promise.all(
    [1, 2, 3].map(
      () =>
        new Promise<string>((resolve) => {
          let output = ''
          const process_ = spawn(process.execPath, [...runtime, `${folder}/store`, `${folder}/oci`])
          process_.stdout.on('data', (text) => (output += text))
          process_.on('close', () => resolve(output))
        }),
    ),
  )
  assert.deepEqual(outputs, Array(3).fill(`open\n${reference}\n`))
  assert.deepEqual(leftovers(`${folder}/store`), [])
  const image = lookupImage(`${folder}/store`, reference)!
  assert.equal(readdirSync(image.layerDirectories[0]!).length, 3000)
})

test('killed at any moment, the store is whole and the next command cleans up', async (t) => {
  const folder = scratch(t)
  const root = `${folder}/store`
  const entries = Array.from({ length: 8000 }, (_, at) => file(`f${at}`, 'x'.repeat(2000), own))
  const image = makeImage(`${folder}/oci`, reference, [base, tar(...entries)])
  let killed = 0
  for (let round = 0; round < 8; round++) {
    const process_ = spawn(process.execPath, [...runtime, root, `${folder}/oci`])
    await new Promise((resolve) => process_.stdout.once('data', resolve))
    await new Promise((resolve) => setTimeout(resolve, round * 40))
    const ended = new Promise<NodeJS.Signals | null>((resolve) =>
      process_.on('exit', (_, signal) => resolve(signal)),
    )
    process_.kill('SIGKILL')
    if ((await ended) === 'SIGKILL') killed++
    // What is visible is whole: every layer in place has all its files, every blob its digest.
    for (const name of readdirSync(`${root}/blobs/sha256`)) {
      assert.equal(sha256(readFileSync(`${root}/blobs/sha256/${name}`)), `sha256:${name}`)
    }
    for (const name of readdirSync(`${root}/layers`)) {
      assert.ok([1, 8000].includes(readdirSync(`${root}/layers/${name}/diff`).length))
    }
    const found = lookupImage(root, reference)
    if (found !== undefined) for (const path of found.layerDirectories) assert.ok(existsSync(path))
  }
  assert.ok(killed > 0, 'no round was killed in time')
  const store = new ImageStore(root)
  try {
    await loadImage(store, `${folder}/oci`)
    assert.equal((await store.resolveImage(reference)).manifest, image.manifest)
  } finally {
    store.close()
  }
  assert.deepEqual(leftovers(root), [])
})

test('after a lost boot, what was not yet on disk is checked', (t) =>
  withStore(t, async (store, folder) => {
    makeImage(`${folder}/oci`, reference, [base])
    await loadImage(store, `${folder}/oci`)
    const { root } = store
    const good = readdirSync(`${root}/blobs/sha256`)
    const [layer] = readdirSync(`${root}/layers`)
    const dead = `${root}/tmp/00000000-1-dead`
    mkdirSync(`${dead}/made`, { recursive: true })
    const bad = 'f'.repeat(64)
    writeFileSync(`${root}/blobs/sha256/${bad}`, '')
    mkdirSync(`${root}/layers/${bad}/diff`, { recursive: true })
    for (const name of [...good, bad]) writeFileSync(`${dead}/made/blobs,sha256,${name}`, '')
    for (const name of [layer, bad]) writeFileSync(`${dead}/made/layers,${name}`, '')
    new ImageStore(root).close()
    assert.deepEqual(readdirSync(`${root}/blobs/sha256`).sort(), [...good].sort())
    assert.deepEqual(readdirSync(`${root}/layers`), [layer])
    assert.ok(!existsSync(dead))
  }))

test('a full disk is one clear error; the store is as before and works again', needsRoot, (t) => {
  const folder = scratch(t)
  const entries = Array.from({ length: 200 }, (_, at) => file(`f${at}`, 'x'.repeat(100_000), own))
  makeImage(`${folder}/small`, reference, [base])
  makeImage(`${folder}/large`, 'docker.io/library/large:1', [tar(...entries)])
  mkdirSync(`${folder}/disk`)
  const run = [process.execPath, ...runtime].map((word) => `'${word}'`).join(' ')
  const script = `set -e
    mount -t tmpfs -o size=4m tmpfs ${folder}/disk
    ${run} ${folder}/disk/store ${folder}/small
    if ${run} ${folder}/disk/store ${folder}/large; then exit 9; fi
    find ${folder}/disk/store/tmp ${folder}/disk/store/partial ${folder}/disk/store/layers -mindepth 1 -maxdepth 1 | wc -l
    ${run} ${folder}/disk/store ${folder}/small`
  const { status, stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', script], { encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
  assert.match(
    stdout,
    new RegExp(
      `^open\n${reference}\nopen\nRegistryError: Cannot unpack "f\\d+": no space is left on the disk.*\n1\nopen\n${reference}\n$`,
    ),
  )
})

test('a damaged or wrong layer is refused and leaves nothing', (t) =>
  withStore(t, async (store, folder) => {
    const image = makeImage(`${folder}/oci`, reference, [base])
    const blob = `${folder}/oci/blobs/sha256/${image.layers[0]!.slice(7)}`
    const bytes = readFileSync(blob)
    writeFileSync(blob, bytes.subarray(0, bytes.length - 20))
    await assert.rejects(loadImage(store, `${folder}/oci`), RegistryError)
    const altered = Buffer.from(bytes)
    altered[altered.length - 1]! ^= 1
    writeFileSync(blob, altered)
    await assert.rejects(loadImage(store, `${folder}/oci`), RegistryError)
    assert.deepEqual(readdirSync(`${store.root}/layers`), [])
    assert.equal(store.content.resolve(reference), undefined)
    writeFileSync(blob, bytes)
    await loadImage(store, `${folder}/oci`)
  }))

test('an unusable index.json is told with its path', async (t) => {
  const root = `${scratch(t)}/store`
  new ImageStore(root).close()
  writeFileSync(`${root}/index.json`, 'not json')
  const store = new ImageStore(root)
  try {
    assert.throws(() => store.names(), /Cannot read .*index\.json/)
  } finally {
    writeFileSync(`${root}/index.json`, '{"manifests":[]}')
    store.close()
  }
})

test('a data root may be moved', async (t) => {
  const folder = scratch(t)
  makeImage(`${folder}/oci`, reference, [base])
  const store = new ImageStore(`${folder}/store`)
  await loadImage(store, `${folder}/oci`)
  store.close()
  renameSync(`${folder}/store`, `${folder}/moved`)
  const [layer] = lookupImage(`${folder}/moved`, reference)!.layerDirectories
  assert.equal(readFileSync(`${layer}/etc/base`, 'utf8'), 'base')
})
