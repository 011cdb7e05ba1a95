/** Images for tests: an OCI layout folder with layers made block by block. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

export const sha256 = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

export interface MadeImage {
  readonly folder: string
  readonly manifest: string
  readonly config: string
  readonly layers: readonly string[]
}

/** Adds an image to the layout in `folder`, made if need be. */
export function makeImage(
  folder: string,
  name: string,
  tars: readonly Buffer[],
  config: object = { Cmd: ['sh'], Env: ['A=b'] },
): MadeImage {
  mkdirSync(`${folder}/blobs/sha256`, { recursive: true })
  const put = (mediaType: string, bytes: Buffer) => {
    const digest = sha256(bytes)
    writeFileSync(`${folder}/blobs/sha256/${digest.slice(7)}`, bytes)
    return { mediaType, digest, size: bytes.length }
  }
  const json = (type: string, value: object) =>
    put(`application/vnd.oci.image.${type}.v1+json`, Buffer.from(JSON.stringify(value)))
  const layers = tars.map((bytes) =>
    put('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(bytes, { level: 1 })),
  )
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
  const rootfs = { type: 'layers', diff_ids: tars.map(sha256) }
  const configBlob = json('config', { os: 'linux', architecture, config, rootfs })
  const manifest = json('manifest', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: configBlob,
    layers,
  })
  let manifests: object[] = []
  try {
    manifests = JSON.parse(readFileSync(`${folder}/index.json`, 'utf8')).manifests
  } catch {}
  manifests.push({ ...manifest, annotations: { 'io.containerd.image.name': name } })
  writeFileSync(`${folder}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}')
  writeFileSync(`${folder}/index.json`, JSON.stringify({ schemaVersion: 2, manifests }))
  return {
    folder,
    manifest: manifest.digest,
    config: configBlob.digest,
    layers: layers.map(({ digest }) => digest),
  }
}
