import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { pushBuilt, pushImages } from '../../rootfs-fixtures/registry/images.ts'
import { type Registry, registryMissing, startRegistry } from '../../rootfs-fixtures/registry/registry.ts'

interface Manifest {
  readonly mediaType: string
  readonly layers: readonly { readonly mediaType: string }[]
  readonly manifests: readonly { readonly platform: { readonly architecture: string } }[]
}

describe('the registry of the tests', { skip: registryMissing }, () => {
  let registry: Registry
  let images: Awaited<ReturnType<typeof pushImages>>
  before(async () => {
    registry = await startRegistry()
    images = await pushImages(registry)
  })
  after(() => registry?.stop())

  const manifest = (reference: string): Manifest =>
    JSON.parse(
      execFileSync('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${reference}`], {
        encoding: 'utf8',
      }),
    )

  test('serves OCI manifests with gzip and with zstd layers', () => {
    for (const compression of ['gzip', 'zstd'] as const) {
      const { mediaType, layers } = manifest(images[compression])
      assert.equal(mediaType, 'application/vnd.oci.image.manifest.v1+json')
      assert.deepEqual(
        layers.map((layer) => layer.mediaType),
        Array(3).fill(`application/vnd.oci.image.layer.v1.tar+${compression}`),
      )
    }
  })

  test('serves a Docker schema 2 manifest', () => {
    assert.equal(manifest(images.docker).mediaType, 'application/vnd.docker.distribution.manifest.v2+json')
  })

  test('serves indexes of two architectures', () => {
    for (const reference of [images.multi, images.busybox]) {
      assert.deepEqual(
        manifest(reference).manifests.map(({ platform }) => platform.architecture),
        ['amd64', 'arm64'],
      )
    }
  })

  test('takes what buildah made', { skip: process.getuid?.() !== 0 && 'needs root' }, async () => {
    assert.equal(manifest(await pushBuilt(registry)).layers.length, 1)
  })

  test('two of them do not meet', async () => {
    const other = await startRegistry()
    try {
      assert.notEqual(other.port, registry.port)
      assert.equal((await fetch(`${other.url}/v2/`)).status, 200)
    } finally {
      await other.stop()
    }
    await assert.rejects(fetch(`${other.url}/v2/`))
  })
})
