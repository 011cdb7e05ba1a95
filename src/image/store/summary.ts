/**
 * What lists, filters and ids need of each image, in one file: `images` with a thousand images reads two files instead
 * of two thousand. Derived from the blobs alone and keyed by digest, so it may be deleted at any time.
 */
import type { Descriptor, Platform } from '../content.ts'
import type { ImageConfig } from '../manifest.ts'
import { readFile, writeAside } from './files.ts'
import type { StoredImage } from './resolve-image.ts'

export interface ImageSummary {
  /** The digest of the config: docker's image id. */
  readonly id: string
  /** The digest of the platform's manifest. */
  readonly manifest: string
  readonly platform: Platform
  /** RFC 3339, as the config says. */
  readonly created?: string
  readonly labels?: Readonly<Record<string, string>>
  /** Lowest layer first. */
  readonly chain: readonly string[]
  /** Bytes of the files in all layers. */
  readonly bytes: number
}

/** By the digest that a name points at. */
export type Summaries = Record<string, ImageSummary>

const path = (root: string): string => `${root}/summaries.json`

/** A file that a power failure cut short is as good as none. */
export function readSummaries(root: string): Summaries {
  try {
    const summaries: unknown = JSON.parse(readFile(path(root))?.toString() ?? '{}')
    return Object(summaries) as Summaries
  } catch (cause) {
    if (cause instanceof SyntaxError) return {}
    throw cause
  }
}

/** Only under index.lock. @param workspace the path of the command's own folder. */
export function writeSummaries(root: string, workspace: string, summaries: Summaries): void {
  writeAside(path(root), JSON.stringify(summaries), `${workspace}/summaries.json`)
}

export function summarize(image: StoredImage, bytes: number): ImageSummary {
  const { document } = image
  return {
    id: image.config.digest,
    manifest: image.manifest.digest,
    platform: platformOf(document),
    ...(document.created !== undefined && { created: document.created }),
    ...(document.config?.Labels && { labels: document.config.Labels }),
    chain: image.chain,
    bytes,
  }
}

export const platformOf = ({ os, architecture, variant }: ImageConfig): Platform => ({
  os,
  architecture,
  ...(variant !== undefined && { variant }),
})

/** What stands in lists for an image whose blobs cannot be read. */
export const damaged = ({ digest }: Descriptor): ImageSummary => ({
  id: digest,
  manifest: digest,
  platform: { os: 'unknown', architecture: 'unknown' },
  chain: [],
  bytes: 0,
})
