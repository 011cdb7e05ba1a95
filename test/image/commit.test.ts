/** What containers changed, as layers and tars, held against what the kernel's overlayfs and other tools make of it. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createWriteStream, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { commitContainer } from '../../src/engine/image/commit-container.ts'
import { exportContainer } from '../../src/engine/image/export-container.ts'
import { loadImage } from '../../src/image/archive/load.ts'
import { archiveFiles, chooseImages, tarOfFiles } from '../../src/image/archive/save.ts'
import { lookupImage } from '../../src/image/snapshot.ts'
import type { ImageStore } from '../../src/image/store.ts'
import { directory, file, hardlink, symlink, tar } from './layer/make-tar.ts'
import { listTree, needsRoot, scratch } from './layer/unpack-into.ts'
import { type MadeContainer, makeContainer } from './make-container.ts'
import { makeImage } from './make-image.ts'
import { withStore } from './with-store.ts'

const built = fileURLToPath(new URL('../../build/tinyctr', import.meta.url))
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const program = existsSync(built) ? [built] : [process.execPath, '--import', import.meta.resolve('tsx'), main]
const own = { uid: process.getuid!(), gid: process.getgid!() }
const reference = 'docker.io/library/base:1'
const committed = 'docker.io/library/new:2'
const plain = {
  author: '',
  message: '',
  changes: [],
  reference: committed,
  whilePaused: <T>(_: unknown, work: () => Promise<T>) => work(),
}

const lower = tar(
  directory('etc'),
  file('etc/keep', 'kept'),
  file('etc/gone', 'gone'),
  directory('etc/replaced'),
  file('etc/replaced/old', 'old'),
  file('etc/replaced/stays-hidden', 'x'),
  directory('usr'),
  file('usr/tool', 'tool', { mode: 0o755 }),
  hardlink('usr/link', 'usr/tool'),
  symlink('usr/short', 'tool'),
  directory('usr/became-file'),
  file('usr/became-file/inside', 'x'),
  file('became-directory', 'x'),
)
const upperLower = tar(directory('etc'), file('etc/second', '2'), file('etc/.wh.never', ''), directory('opt'))

/** Everything an overlay can be asked for; inside the merged root. */
const changes = String.raw`
  set -e
  rm etc/gone; rm -r etc/replaced; mkdir -m 711 etc/replaced; echo new > etc/replaced/new
  rm -r usr/became-file; echo file > usr/became-file; rm became-directory; mkdir became-directory; echo in > became-directory/in
  echo changed >> etc/keep; chmod 4711 usr/tool; chown 1000:1001 etc/second
  mkdir -p new/deep/er; ln -s ../x new/symlink; ln etc/keep new/hard; mkfifo new/fifo; mknod new/null c 1 3
  printf x > "$(printf 'new/caf\351')"; cp usr/tool new/cap; setcap cap_net_raw+ep new/cap
  python3 -c 'import os; os.setxattr("etc/keep", "user.note", b"\0\n="); os.mkdir("new/" + "d" * 120); open("new/" + "d" * 120 + "/" + "f" * 120, "w")'
  mv etc/second etc/moved; truncate -s 3000000 new/large; mkdir -m 1777 tmp
  touch -d '1969-12-31 23:59:58.25' new/cap; touch -hd '2031-02-03 04:05:06.123456789' new/symlink new/deep`

/** Mounts the container's overlay in a mount namespace of its own and runs a script in the merged root. */
function inOverlay({ lower: layers, upper, work }: MadeContainer, folder: string, script: string): void {
  mkdirSync(`${folder}/merged`, { recursive: true })
  const mount = `mount -t overlay overlay -o lowerdir=${layers.join(':')},upperdir=${upper},workdir=${work} ${folder}/merged`
  execFileSync('unshare', ['-m', 'bash', '-c', `${mount} && cd ${folder}/merged && ${script}`])
}

/** What the kernel shows, copied to a plain folder by GNU tar. */
function expectedTree(container: MadeContainer, folder: string): string {
  const create = `tar --xattrs --xattrs-include='*' --numeric-owner --format=pax -cf ${folder}/merged.tar .`
  inOverlay(container, folder, create)
  return extracted(`${folder}/merged.tar`, `${folder}/expected`)
}

function extracted(archive: string, into: string): string {
  mkdirSync(into)
  execFileSync('tar', ['-C', into, '--xattrs', '--xattrs-include=*', '--numeric-owner', '-xpf', archive])
  return listTree(into)
}

/** Without the top directory, whose owner and times no layer says; and without times of directories where asked. */
const below = (tree: string): string => tree.split('\n').slice(1).join('\n')

async function withChanged(
  t: Parameters<typeof withStore>[0],
  work: (store: ImageStore, container: MadeContainer, folder: string) => Promise<void>,
): Promise<void> {
  await withStore(t, async (store, folder) => {
    makeImage(`${folder}/oci`, reference, [lower, upperLower])
    await loadImage(store, `${folder}/oci`)
    const container = makeContainer(store.root, reference)
    inOverlay(container, folder, changes)
    await work(store, container, folder)
  })
}

test('export is what the kernel shows, entry by entry', needsRoot, (t) =>
  withChanged(t, async (store, { id }, folder) => {
    const expected = expectedTree(makeContainer(store.root, reference), folder)
    await exportContainer(store.root, id.slice(0, 12), (bytes) =>
      pipeline(Readable.from(bytes), createWriteStream(`${folder}/export.tar`)),
    )
    assert.equal(below(extracted(`${folder}/export.tar`, `${folder}/exported`)), below(expected))
  }),
)

test('commit: umoci and our own unpacker make of it what the kernel showed', needsRoot, (t) =>
  withChanged(t, async (store, container, folder) => {
    const expected = expectedTree(container, folder)
    const id = await commitContainer(store, container.id, plain)
    const image = lookupImage(store.root, committed)!
    assert.equal(image.id, id)
    assert.equal(image.layerDirectories.length, 3)
    const again = makeContainer(store.root, committed, { id: 'd'.repeat(64) })
    assert.equal(below(expectedTree(again, `${folder}/again`)), below(expected))

    execFileSync('umoci', ['unpack', '--image', `${store.root}:2`, `${folder}/bundle`], { stdio: 'pipe' })
    assert.equal(below(listTree(`${folder}/bundle/rootfs`)), below(expected))
  }),
)

test('commit: the config is the image’s with the container’s words and --change on top; history tells', (t) =>
  withStore(t, async (store, folder) => {
    makeImage(`${folder}/oci`, reference, [tar(directory('etc', own))], {
      Cmd: ['sh'],
      Env: ['A=b', 'PATH=/bin'],
      Labels: { from: 'image' },
      WorkingDir: '/w',
    })
    await loadImage(store, `${folder}/oci`)
    const { id } = makeContainer(store.root, reference, {
      options: { command: ['serve', '-x'], environment: ['A=c', 'PATH'], labels: { own: '1' }, user: 'me' },
    })
    await commitContainer(store, id, {
      ...plain,
      author: 'Ada',
      message: 'why',
      changes: [
        'ENTRYPOINT ["/init"]',
        'EXPOSE 80 90-91/udp',
        'LABEL a="b c" d=e',
        'VOLUME /data',
        'WORKDIR sub',
      ],
    })
    const { entry } = await store.find('new:2')
    const { document, layers } = await store.read(entry!)
    assert.deepEqual(document.config, {
      Cmd: ['serve', '-x'],
      Env: ['A=c'],
      Labels: { from: 'image', own: '1', a: 'b c', d: 'e' },
      WorkingDir: '/w/sub',
      User: 'me',
      Entrypoint: ['/init'],
      ExposedPorts: { '80/tcp': {}, '90/udp': {}, '91/udp': {} },
      Volumes: { '/data': {} },
    })
    assert.equal(document.author, 'Ada')
    const { created, ...last } = document.history!.at(-1)!
    assert.ok(Math.abs(Date.parse(created!) - Date.now()) < 60_000)
    // Nothing was written: no layer, as docker has it.
    assert.deepEqual(last, { created_by: '/init serve -x', author: 'Ada', comment: 'why', empty_layer: true })
    assert.equal(layers.length, 1)
  }))

test('commit: what mounts stand on is no change; a command that is none is refused', (t) =>
  withStore(t, async (store, folder) => {
    makeImage(`${folder}/oci`, reference, [tar(directory('usr', own))])
    await loadImage(store, `${folder}/oci`)
    const container = makeContainer(store.root, reference)
    mkdirSync(`${container.upper}/proc`)
    mkdirSync(`${container.upper}/etc`)
    writeFileSync(`${container.upper}/etc/hosts`, '')
    writeFileSync(`${container.upper}/etc/hostname`, 'written')
    await commitContainer(store, container.id, plain)
    const [top] = lookupImage(store.root, committed)!.layerDirectories
    assert.deepEqual(readdirSync(top!), ['etc'])
    assert.deepEqual(readdirSync(`${top}/etc`), ['hostname'])
    await assert.rejects(commitContainer(store, container.id, { ...plain, changes: ['RUN x'] }), {
      message: 'RUN is not a valid change command',
    })
    await assert.rejects(commitContainer(store, 'ghost', plain), { message: 'No such container: ghost' })
  }))

test('commit, save: podman and buildah read it', needsRoot, (t) =>
  withChanged(t, async (store, container, folder) => {
    await commitContainer(store, container.id, plain)
    const archive = `${folder}/saved.tar`
    const files = archiveFiles(store, await chooseImages(store, ['new:2']), 'docker-archive')
    await pipeline(Readable.from(tarOfFiles(store, files)), createWriteStream(archive))
    const places = [
      '--root',
      `${folder}/podman`,
      '--runroot',
      `${folder}/podman-run`,
      '--storage-driver',
      'vfs',
    ]
    const podman = (...args: string[]) =>
      execFileSync('podman', [...places, '--tmpdir', `${folder}/podman-tmp`, ...args], {
        encoding: 'utf8',
        stdio: 'pipe',
      })
    assert.match(podman('load', '-i', archive), /Loaded image.*new:2/)
    const id = lookupImage(store.root, committed)!.id.slice(7)
    assert.equal(podman('images', '-q', '--no-trunc').trim(), `sha256:${id}`)
    const buildah = [
      '--root',
      `${folder}/podman`,
      '--runroot',
      `${folder}/podman-run`,
      '--storage-driver',
      'vfs',
    ]
    const [name] = execFileSync('buildah', [...buildah, 'from', id], { encoding: 'utf8' })
      .trim()
      .split('\n')
    const merged = execFileSync('buildah', [...buildah, 'mount', name!], { encoding: 'utf8' }).trim()
    assert.equal(readdirSync(`${merged}/etc`).sort().join(), 'keep,moved,replaced')
    execFileSync('buildah', [...buildah, 'umount', name!])
  }),
)

test(
  'a full disk: import and save end with one clear error, and leave the store as it was',
  needsRoot,
  (t) => {
    const folder = scratch(t)
    mkdirSync(`${folder}/disk`)
    writeFileSync(`${folder}/small.tar`, tar(file('f', 'small')))
    const random = Array.from({ length: 60 }, (_, at) => ({ ...file(`f${at}`), data: randomBytes(100_000) }))
    writeFileSync(`${folder}/large.tar`, tar(...random))
    const root = `${folder}/disk/store`
    const run = [...program, '--root', `${folder}/run`, '--data-root', root]
      .map((word) => `'${word}'`)
      .join(' ')
    const script = `
    mount -t tmpfs -o size=4m tmpfs ${folder}/disk
    ${run} import ${folder}/small.tar small:1 || exit 8
    ${run} import ${folder}/large.tar large:1 && exit 9
    ${run} images --format '{{.Repository}}'
    find ${root}/tmp ${root}/partial -mindepth 1
    dd if=/dev/zero of=${folder}/disk/rest bs=64k 2>/dev/null
    ${run} save -o ${folder}/disk/saved small:1 && exit 9
    ls ${folder}/disk
    rm ${folder}/disk/rest
    ${run} rmi small:1
    find ${root}/blobs ${root}/layers -mindepth 1 -type f`
    const { status, stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', script], { encoding: 'utf8' })
    assert.equal(status, 0, stdout + stderr)
    assert.match(
      stdout,
      /^sha256:[0-9a-f]{64}\nsmall\nrest\nstore\nUntagged: small:1\nDeleted: sha256:[0-9a-f]{64}\nDeleted: sha256:[0-9a-f]{64}\n$/,
    )
    assert.match(
      stderr,
      /^tinyctr: Cannot write the layer: no space is left on the disk\n.*\ntinyctr: Cannot write .*saved: no space is left on the disk\n.*\n$/,
    )
  },
)
