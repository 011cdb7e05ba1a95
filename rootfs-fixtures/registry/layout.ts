/** Writes OCI image layouts from entries: exact bytes, so that tests know what a tool must make of them. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import type { Entry } from './hard-layers.ts'

export type Compression = 'gzip' | 'zstd'

export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly platform?: { readonly os: string; readonly architecture: string }
  readonly annotations?: Readonly<Record<string, string>>
}

const type = 'application/vnd.oci.image'

/** A tar of the entries: ustar, with pax records for what ustar cannot say. */
export function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack()
  for (const entry of entries) {
    const pax: Record<string, string> = {}
    if (entry.mtime !== undefined) pax.mtime = entry.mtime
    for (const [name, value] of Object.entries(entry.xattrs ?? {})) pax[`SCHILY.xattr.${name}`] = value
    tar.entry(
      {
        name: entry.name,
        type: entry.type ?? 'file',
        mode: entry.mode ?? 0o644,
        uid: entry.uid ?? 0,
        gid: entry.gid ?? 0,
        mtime: new Date(0),
        ...(entry.linkname === undefined ? {} : { linkname: entry.linkname }),
        ...(entry.device === undefined ? {} : { devmajor: entry.device[0], devminor: entry.device[1] }),
        ...(Object.keys(pax).length === 0 ? {} : { pax }),
      },
      entry.content ?? '',
    )
  }
  tar.finalize()
  return buffer(tar)
}

/** Writes an image for each architecture into `folder`; with more than one, under one index. The tag is `latest`. */
export async function writeLayout(
  folder: string,
  layers: readonly (readonly Entry[])[],
  compression: Compression,
  architectures: readonly string[] = ['amd64'],
): Promise<void> {
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true })
  const store = (mediaType: string, bytes: Uint8Array | string): Descriptor => {
    const hex = createHash('sha256').update(bytes).digest('hex')
    writeFileSync(join(folder, 'blobs/sha256', hex), bytes)
    return { mediaType, digest: `sha256:${hex}`, size: Buffer.byteLength(bytes) }
  }
  const tars = await Promise.all(layers.map(tarOf))
  const stored = tars.map((tar) => store(`${type}.layer.v1.tar+${compression}`, compress(tar, compression)))
  const diffIds = tars.map((tar) => `sha256:${createHash('sha256').update(tar).digest('hex')}`)
  const manifests = architectures.map((architecture) => {
    const platform = { os: 'linux', architecture }
    const config = {
      ...platform,
      config: { Cmd: ['/bin/sh'], Env: ['PATH=/bin'] },
      rootfs: { type: 'layers', diff_ids: diffIds },
    }
    const manifest = {
      schemaVersion: 2,
      mediaType: `${type}.manifest.v1+json`,
      config: store(`${type}.config.v1+json`, JSON.stringify(config)),
      layers: stored,
    }
    return { ...store(manifest.mediaType, JSON.stringify(manifest)), platform }
  })
  const index = (children: readonly Descriptor[]) =>
    JSON.stringify({ schemaVersion: 2, mediaType: `${type}.index.v1+json`, manifests: children })
  const top = manifests.length === 1 ? manifests[0]! : store(`${type}.index.v1+json`, index(manifests))
  const annotations = { 'org.opencontainers.image.ref.name': 'latest' }
  writeFileSync(join(folder, 'index.json'), index([{ ...top, annotations }]))
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
}

function compress(tar: Buffer, compression: Compression): Buffer {
  // Node 20 has no zstd.
  return compression === 'gzip'
    ? gzipSync(tar)
    : execFileSync('zstd', ['-q', '-c'], { input: tar, maxBuffer: 2 ** 28 })
}
