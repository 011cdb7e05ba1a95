/** A container as `create` leaves it: its record, its state and an empty writable layer. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { type ContainerRecord, containerFolder, writeRecord } from '../../src/engine/container/record.ts'
import type { RunOptions } from '../../src/engine/run-options.ts'
import { lookupImage } from '../../src/image/snapshot.ts'

export interface MadeContainer {
  readonly id: string
  readonly upper: string
  readonly work: string
  /** Top first. */
  readonly lower: readonly string[]
}

export function makeContainer(
  dataRoot: string,
  reference: string,
  { id = 'c'.repeat(64), options = {} as Partial<RunOptions> } = {},
): MadeContainer {
  const folder = containerFolder(dataRoot, id)
  for (const name of ['upper', 'work']) mkdirSync(`${folder}/${name}`, { recursive: true, mode: 0o755 })
  const image = lookupImage(dataRoot, reference)!
  const given = { image: reference, command: [], environment: [], labels: {}, mounts: [], ...options }
  writeRecord(dataRoot, {
    version: 1,
    id,
    image,
    options: given as unknown as RunOptions,
  } satisfies ContainerRecord)
  writeFileSync(`${folder}/status`, `${BigInt(Date.now()) * 1_000_000n} created\n`)
  return { id, upper: `${folder}/upper`, work: `${folder}/work`, lower: image.layerDirectories }
}
