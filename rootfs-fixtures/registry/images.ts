/** The images that tests pull, pushed by the tools that people use: skopeo and buildah. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { hardLayers } from './hard-layers.ts'
import { writeLayout } from './layout.ts'
import type { Registry } from './registry.ts'

const run = promisify(execFile)
const busybox = join(import.meta.dirname, '../busybox')

/**
 * Pushes every image and returns their references, by what they are for:
 * the fixture (`busybox`, two architectures), the hard layers in each format (`gzip`, `zstd`, `docker`: schema 2),
 * and one index of two architectures (`multi`). All have the tag `latest`.
 */
export async function pushImages(
  registry: Registry,
): Promise<Record<'busybox' | 'gzip' | 'zstd' | 'docker' | 'multi', string>> {
  const folder = await mkdtemp(join(tmpdir(), 'tinyctr-images-'))
  const host = `127.0.0.1:${registry.port}`
  const push = async (layout: string, name: string, ...options: string[]) => {
    const reference = `${host}/${name}:latest`
    const to = ['--dest-tls-verify=false', `oci:${layout}:latest`, `docker://${reference}`]
    await run('skopeo', ['copy', '--quiet', '--insecure-policy', ...options, ...to])
    return reference
  }
  try {
    const [gzip, zstd, multi] = [join(folder, 'gzip'), join(folder, 'zstd'), join(folder, 'multi')]
    await writeLayout(gzip, hardLayers, 'gzip')
    await writeLayout(zstd, hardLayers, 'zstd')
    await writeLayout(multi, hardLayers, 'gzip', ['amd64', 'arm64'])
    return {
      busybox: await push(busybox, 'library/busybox', '--all', '--preserve-digests'),
      gzip: await push(gzip, 'hard/gzip', '--override-arch=amd64', '--preserve-digests'),
      zstd: await push(zstd, 'hard/zstd', '--override-arch=amd64', '--preserve-digests'),
      docker: await push(gzip, 'hard/docker', '--override-arch=amd64', '--format=v2s2'),
      multi: await push(multi, 'hard/multi', '--all', '--preserve-digests'),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Builds an image as `buildah commit` does it, from nothing, in a store of its own, and pushes it. Needs root. */
export async function pushBuilt(registry: Registry): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tinyctr-buildah-'))
  const reference = `127.0.0.1:${registry.port}/built/by-buildah:latest`
  const storage = [
    '--root',
    join(folder, 'root'),
    '--runroot',
    join(folder, 'run'),
    '--storage-driver',
    'vfs',
  ]
  const buildah = async (...args: string[]) => (await run('buildah', [...storage, ...args])).stdout.trim()
  try {
    await writeFile(join(folder, 'hello'), 'hello from buildah\n')
    const container = await buildah('from', 'scratch')
    await buildah('copy', container, join(folder, 'hello'), '/hello')
    await buildah('config', '--cmd', '/hello', '--env', 'BUILT=yes', container)
    await buildah('commit', '--quiet', container, 'built')
    await buildah('push', '--quiet', '--tls-verify=false', 'built', `docker://${reference}`)
    return reference
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
