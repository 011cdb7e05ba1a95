/** Pulls from Debian's docker-registry what skopeo and buildah pushed, and asks skopeo what it thinks of our store. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pushBuilt, pushImages } from '../../rootfs-fixtures/registry/images.ts'
import { type Registry, registryMissing, startRegistry } from '../../rootfs-fixtures/registry/registry.ts'
import { parsePlatform } from '../../src/image/platform.ts'
import { type PulledImage, pullImage } from '../../src/image/pull.ts'
import { fullReference, parseReference } from '../../src/image/reference.ts'
import { ImageStore } from '../../src/image/store.ts'
import { digestOf } from '../../src/image/verify.ts'

const skopeo = (...options: string[]): string => execFileSync('skopeo', options, { encoding: 'utf8' })

describe('a pull from docker-registry', { skip: registryMissing }, () => {
  let registry: Registry
  let images: Awaited<ReturnType<typeof pushImages>>
  const folder = mkdtempSync(join(tmpdir(), 'tinyctr-pull-'))
  /** A store of its own for each image: to skopeo they are all `latest`. */
  const rootOf = (name: string): string =>
    join(folder, encodeURIComponent(name.split(/[@:](?=[^/]*$)/, 1)[0]!))

  before(async () => {
    registry = await startRegistry()
    images = await pushImages(registry)
  })
  after(async () => {
    await registry?.stop()
    rmSync(folder, { recursive: true })
  })

  async function pull(
    name: string,
    platform = 'linux/amd64',
  ): Promise<PulledImage & { directories: string[] }> {
    const store = new ImageStore(rootOf(name))
    try {
      const reference = parseReference(name)
      const wanted = parsePlatform(platform)
      const { content, layers } = store
      const pulled = await pullImage(reference, { store: content, layers, platform: wanted })
      const { layerDirectories } = await store.resolveImage(fullReference(reference), wanted)
      return { ...pulled, directories: layerDirectories }
    } finally {
      store.close()
    }
  }

  /** The manifest, config and layers that skopeo finds under `name` in our store, as it would copy them. */
  function copyOut(name: string): string {
    const target = mkdtempSync(join(tmpdir(), 'tinyctr-copy-'))
    try {
      skopeo('copy', '--quiet', '--override-arch', 'amd64', `oci:${rootOf(name)}:latest`, `dir:${target}`)
      return skopeo('inspect', '--raw', `dir:${target}`)
    } finally {
      rmSync(target, { recursive: true })
    }
  }

  for (const kind of ['gzip', 'zstd', 'docker', 'multi', 'busybox'] as const) {
    test(`${kind}: the digest that skopeo sees, unpacked`, async () => {
      const pulled = await pull(images[kind])
      const remote = skopeo('inspect', '--raw', '--tls-verify=false', `docker://${images[kind]}`)
      assert.equal(pulled.target.digest, digestOf(Buffer.from(remote)))
      assert.equal(pulled.platform.architecture, 'amd64')
      for (const directory of pulled.directories) assert.ok(existsSync(directory), directory)
    })
  }

  // Docker's manifest types are kept as they came, for their digests' sake; skopeo passes over them in a layout.
  for (const kind of ['gzip', 'zstd', 'multi', 'busybox'] as const) {
    test(`${kind}: skopeo copies it out of our store`, async () => {
      await pull(images[kind])
      const { layers } = JSON.parse(copyOut(images[kind])) as { layers: unknown[] }
      assert.ok(layers.length > 0)
    })
  }

  test('the other architecture of an index', async () => {
    const pulled = await pull(images.busybox, 'linux/arm64')
    assert.equal(pulled.platform.architecture, 'arm64')
    assert.equal(pulled.isNew, false, 'the name points at the index already')
  })

  test('by digest', async () => {
    const { target } = await pull(images.gzip)
    const again = await pull(`${images.gzip.replace(/:[^:/]*$/, '')}@${target.digest}`)
    assert.equal(again.target.digest, target.digest)
    assert.equal(again.isNew, true, 'a name of its own')
  })

  test('what buildah commits', { skip: process.getuid?.() !== 0 && 'needs root' }, async () => {
    assert.ok((await pull(await pushBuilt(registry))).directories.length > 0)
  })

  test('an unknown tag and an unknown repository', async () => {
    const [host] = images.gzip.split('/')
    await assert.rejects(pull(`${images.gzip.replace(/:[^:/]*$/, '')}:nope`), /has no tag "nope"/)
    await assert.rejects(pull(`${host}/nobody/nothing`), /Cannot pull .*nobody\/nothing/)
  })
})
