/** Small images: the busybox fixture's layer, a layer of the test's own entries on top, and the test's own config. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Entry } from '../../rootfs-fixtures/registry/hard-layers.ts'
import { tarOf } from '../../rootfs-fixtures/registry/layout.ts'

const fixture = join(import.meta.dirname, '../../rootfs-fixtures/busybox')
const type = 'application/vnd.oci.image'

export interface ImageRecipe {
  /** The image config's `config`; `Env` and `Cmd` are the fixture's own unless given. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly entries?: readonly Entry[]
  /** Leaves out the fixture's layer. */
  readonly bare?: boolean
}

interface Manifest {
  config: { digest: string }
  layers: { mediaType: string; digest: string; size: number }[]
}
interface Config {
  config: object
  rootfs: { diff_ids: string[] }
}

const blob = (digest: string): Buffer => readFileSync(join(fixture, 'blobs', digest.replace(':', '/')))
const json = <T>(digest: string): T => JSON.parse(blob(digest).toString()) as T
const sha256 = (bytes: Uint8Array | string): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

function fixtureManifest(): Manifest {
  const index = JSON.parse(readFileSync(join(fixture, 'index.json'), 'utf8')) as {
    manifests: { digest: string; mediaType: string; platform?: { architecture: string } }[]
  }
  let [found] = index.manifests
  while (found?.mediaType.includes('index')) {
    const inner = json<typeof index>(found.digest).manifests
    const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
    found = inner.find(({ platform }) => platform?.architecture === architecture)
  }
  return json<Manifest>(found!.digest)
}

/** Writes an OCI layout with the one image into `folder`. */
export async function addImage(
  folder: string,
  name: string,
  { config, entries = [], bare = false }: ImageRecipe,
) {
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true })
  const store = (mediaType: string, bytes: Uint8Array | string) => {
    const digest = sha256(bytes)
    writeFileSync(join(folder, 'blobs', digest.replace(':', '/')), bytes)
    return { mediaType, digest, size: Buffer.byteLength(bytes) }
  }
  const base = fixtureManifest()
  const baseConfig = json<Config>(base.config.digest)
  const layers = bare ? [] : base.layers.map(({ mediaType, digest }) => store(mediaType, blob(digest)))
  const diffIds = bare ? [] : [...baseConfig.rootfs.diff_ids]
  if (entries.length > 0) {
    const tar = await tarOf(entries)
    layers.push(store(`${type}.layer.v1.tar+gzip`, gzipSync(tar)))
    diffIds.push(sha256(tar))
  }
  const whole = {
    ...baseConfig,
    config: { ...baseConfig.config, ...config },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: [],
  }
  const manifest = {
    schemaVersion: 2,
    mediaType: `${type}.manifest.v1+json`,
    config: store(`${type}.config.v1+json`, JSON.stringify(whole)),
    layers,
  }
  const top = store(manifest.mediaType, JSON.stringify(manifest))
  const annotations = { 'org.opencontainers.image.ref.name': name }
  const index = {
    schemaVersion: 2,
    mediaType: `${type}.index.v1+json`,
    manifests: [{ ...top, annotations }],
  }
  writeFileSync(join(folder, 'index.json'), JSON.stringify(index))
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
}
