import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createReadStream, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { RegistryError } from '../../src/errors.ts'
import { loadImage } from '../../src/image/archive/load.ts'
import { lookupImage } from '../../src/image/snapshot.ts'
import { directory, file, symlink, tar } from './layer/make-tar.ts'
import { listTree, needsRoot } from './layer/unpack-into.ts'
import { makeImage, sha256 } from './make-image.ts'
import { withStore } from './with-store.ts'

const own = { uid: process.getuid!(), gid: process.getgid!() }
const layers = [
  tar(directory('etc', own), file('etc/a', 'lower', own)),
  tar(file('etc/.wh.a'), file('b', 'upper', own)),
]
const run = (command: string, args: string[], cwd?: string) =>
  execFileSync(command, args, { stdio: 'pipe', ...(cwd && { cwd }) })

/** Every way skopeo writes an image, and what it is called then. */
const written: Record<string, { destination: string; flags?: string[]; name: string | undefined }> = {
  'docker-archive': { destination: 'docker-archive:out:example.org/x/y:1', name: 'example.org/x/y:1' },
  'oci-archive': { destination: 'oci-archive:out:example.org/x/y:1', name: 'example.org/x/y:1' },
  'oci folder': { destination: 'oci:out:example.org/x/y:1', name: 'example.org/x/y:1' },
  'oci folder, zstd': {
    destination: 'oci:out:busybox:1',
    flags: ['--dest-compress', '--dest-compress-format', 'zstd'],
    name: 'docker.io/library/busybox:1',
  },
  'oci folder, a bare tag': { destination: 'oci:out:latest', name: undefined },
}

for (const [title, { destination, flags = [], name }] of Object.entries(written)) {
  test(`skopeo's ${title}`, needsRoot, (t) =>
    withStore(t, async (store, folder) => {
      const made = makeImage(`${folder}/oci`, 'one', layers)
      run('skopeo', ['copy', ...flags, `oci:${folder}/oci`, destination], folder)
      const [loaded] = await loadImage(store, `${folder}/out`)
      const [reference] = loaded!.references
      assert.equal(reference, name ?? loaded!.target.digest)
      const image = lookupImage(store.root, reference!)!
      // The config travels as it is, so the image has its id whatever carried it.
      assert.equal(image.id, made.config)
      assert.deepEqual(image.config, { Cmd: ['sh'], Env: ['A=b'] })
      assert.match(listTree(realpathSync(image.layerDirectories[1]!)), /etc\/a.* 5 /)
      assert.match(listTree(realpathSync(image.layerDirectories[0]!)), /etc\/a' 0o20000 /)
    }),
  )
}

test('standard input, plain and compressed', needsRoot, (t) =>
  withStore(t, async (store, folder) => {
    makeImage(`${folder}/oci`, 'one', layers)
    run('skopeo', ['copy', `oci:${folder}/oci`, 'docker-archive:out:x:1'], folder)
    run('gzip', ['-k', 'out'], folder)
    run('zstd', ['-q', 'out'], folder)
    const targets = new Set<string>()
    for (const name of ['out', 'out.gz', 'out.zst']) {
      const [piped] = await loadImage(store, createReadStream(`${folder}/${name}`))
      const [named] = await loadImage(store, `${folder}/${name}`)
      assert.deepEqual(
        [piped!.references, named!.references],
        [['docker.io/library/x:1'], ['docker.io/library/x:1']],
      )
      targets.add(piped!.target.digest).add(named!.target.digest)
    }
    assert.equal(targets.size, 1)
  }),
)

test('what buildah builds and podman saves', needsRoot, (t) =>
  withStore(t, async (store, folder) => {
    const storage = ['--root', `${folder}/storage`, '--runroot', `${folder}/run`, '--storage-driver', 'vfs']
    const buildah = (...args: string[]) =>
      run('buildah', [...storage, ...args], folder)
        .toString()
        .trim()
    const container = buildah('from', 'scratch')
    writeFileSync(`${folder}/added`, 'by buildah')
    buildah('copy', container, `${folder}/added`, '/added')
    buildah('config', '--user', 'nobody', container)
    buildah('commit', '-q', container, 'localhost/built:2')
    for (const format of ['docker-archive', 'oci-archive']) {
      run('podman', [
        ...storage,
        'save',
        '--format',
        format,
        '-o',
        `${folder}/${format}`,
        'localhost/built:2',
      ])
      const [loaded] = await loadImage(store, `${folder}/${format}`)
      assert.deepEqual(loaded!.references, ['localhost/built:2'])
      const image = lookupImage(store.root, 'localhost/built:2')!
      assert.equal(image.config.User, 'nobody')
      assert.equal(readFileSync(`${image.layerDirectories[0]}/added`, 'utf8'), 'by buildah')
    }
    buildah('rm', container)
    buildah('rmi', '-a')
  }),
)

test('several images, several names, layers in common', (t) =>
  withStore(t, async (store, folder) => {
    makeImage(`${folder}/oci`, 'docker.io/library/one:1', layers.slice(0, 1))
    makeImage(`${folder}/oci`, 'docker.io/library/two:2', layers)
    const loaded = await loadImage(store, `${folder}/oci`)
    assert.deepEqual(
      loaded.flatMap(({ references }) => references),
      ['docker.io/library/one:1', 'docker.io/library/two:2'],
    )
    assert.equal(readdirSync(`${store.root}/layers`).length, 2)
    await assert.rejects(
      loadImage(store, `${folder}/oci`, { reference: 'docker.io/library/x:1' }),
      /holds 2 images/,
    )
  }))

test('docker save of old: layers that are symlinks to equal ones, names that are null', (t) =>
  withStore(t, async (store, folder) => {
    const [layer] = layers as [Buffer, Buffer]
    const config = JSON.stringify({
      os: 'linux',
      architecture: 'amd64',
      rootfs: { type: 'layers', diff_ids: [sha256(layer), sha256(layer)] },
    })
    const manifest = [{ Config: 'c.json', RepoTags: null, Layers: ['a/layer.tar', 'b/layer.tar'] }]
    const archive = tar(
      directory('a'),
      file('a/layer.tar', layer as unknown as string),
      directory('b'),
      symlink('b/layer.tar', '../a/layer.tar'),
      file('c.json', config),
      file('manifest.json', JSON.stringify(manifest)),
    )
    writeFileSync(`${folder}/old.tar`, archive)
    const [loaded] = await loadImage(store, `${folder}/old.tar`)
    assert.equal(lookupImage(store.root, loaded!.references[0]!)!.layerDirectories.length, 2)
  }))

test('an archive for another platform is loaded when asked for, refused when not there', (t) =>
  withStore(t, async (store, folder) => {
    makeImage(`${folder}/oci`, 'docker.io/library/one:1', layers)
    const index = JSON.parse(readFileSync(`${folder}/oci/index.json`, 'utf8'))
    const [{ annotations, ...manifest }] = index.manifests
    const inner = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        manifests: [{ ...manifest, platform: { os: 'linux', architecture: 's390x' } }],
      }),
    )
    writeFileSync(`${folder}/oci/blobs/sha256/${sha256(inner).slice(7)}`, inner)
    const target = {
      mediaType: 'application/vnd.oci.image.index.v1+json',
      digest: sha256(inner),
      size: inner.length,
      annotations,
    }
    writeFileSync(`${folder}/oci/index.json`, JSON.stringify({ schemaVersion: 2, manifests: [target] }))
    await assert.rejects(loadImage(store, `${folder}/oci`), /it exists only for linux\/s390x/)
    await loadImage(store, `${folder}/oci`, { platform: { os: 'linux', architecture: 's390x' } })
    assert.ok(lookupImage(store.root, 'docker.io/library/one:1'))
  }))

test('what is no archive says so', (t) =>
  withStore(t, async (store, folder) => {
    mkdirSync(`${folder}/empty`)
    writeFileSync(`${folder}/text`, 'hello '.repeat(1000))
    writeFileSync(`${folder}/plain.tar`, tar(file('hello', 'x')))
    const refused = (name: string, message: RegExp) =>
      assert.rejects(
        loadImage(store, `${folder}/${name}`),
        (error) => error instanceof RegistryError && message.test(error.message),
      )
    await refused('missing', /open .*missing: no such file or directory/)
    await refused('empty', /neither a docker-archive \(manifest\.json\) nor an OCI image layout/)
    await refused('plain.tar', /neither a docker-archive/)
    await refused('text', /Cannot read the tar entry/)
    const broken = (name: string, manifest: string) =>
      writeFileSync(`${folder}/${name}`, tar(file('manifest.json', manifest)))
    broken('a.tar', '{')
    await refused('a.tar', /manifest\.json is not JSON/)
    broken('b.tar', '{}')
    await refused('b.tar', /manifest\.json is not a list/)
    broken('c.tar', '[{"Config":1}]')
    await refused('c.tar', /lacks Config, Layers or RepoTags/)
    broken('d.tar', '[{"Config":"../../etc/passwd","Layers":[]}]')
    await refused('d.tar', /the archive has no file "\.\.\/\.\.\/etc\/passwd"/)
  }))
