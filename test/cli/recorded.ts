/** A data root with containers in it as the engine records them, none of which runs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { claimName } from '../../src/engine/container/names.ts'
import { writeRecord } from '../../src/engine/container/record.ts'
import type { ExecutionParameters } from '../../src/oci/image-spec.ts'
import { optionsOf } from '../engine/config/config-of.ts'

export const dataRoot = mkdtempSync(join(tmpdir(), 'tinyctr-recorded-'))
after(() => rmSync(dataRoot, { recursive: true, force: true }))

export interface Recorded {
  /** A hexadecimal digit: the id is 64 of it. */
  digit: string
  name: string
  /** `run`'s flags, IMAGE and command. */
  args: readonly string[]
  /** Seconds ago and what happened: `[60, 'exited 0 0 0']`. */
  events: readonly (readonly [secondsAgo: number, event: string])[]
  image?: ExecutionParameters
}

export function record({ digit, name, args, events, image = {} }: Recorded): string {
  const id = digit.repeat(64)
  mkdirSync(join(dataRoot, 'containers', id, 'upper'), { recursive: true })
  const options = optionsOf(args)
  writeRecord(dataRoot, {
    version: 1,
    id,
    image: {
      reference: `docker.io/library/${options.image}:latest`,
      id: `sha256:${'e'.repeat(64)}`,
      manifest: `sha256:${'f'.repeat(64)}`,
      platform: { os: 'linux', architecture: 'amd64' },
      config: image,
      layerDirectories: [],
      overlayXattrs: 'trusted',
    },
    options,
  })
  const now = BigInt(Date.now()) * 1_000_000n
  const lines = events.map(([ago, event]) => `${now - BigInt(ago) * 1_000_000_000n} ${event}\n`)
  writeFileSync(join(dataRoot, 'containers', id, 'status'), lines.join(''))
  claimName(dataRoot, name, id)
  return id
}
