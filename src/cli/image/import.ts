/** `tinyctr import`: from a file, a URL or the standard input. */

import { createReadStream, statSync } from 'node:fs'
import { recordImageEvent } from '../../engine/events/record-event-of.ts'
import { importImage } from '../../engine/image/import-image.ts'
import { RegistryError, StateError } from '../../errors.ts'
import { hostPlatform, parsePlatform } from '../../image/platform.ts'
import { defineCommand } from '../command.ts'
import { runFlags } from '../run/run-flags.ts'
import { print } from '../screen/output.ts'
import { openStore } from './open-store.ts'
import { familiar } from './stored-name.ts'
import { targetReference } from './tag.ts'

export const importCommand = defineCommand({
  usage: '[OPTIONS] file|URL|- [REPOSITORY[:TAG]]',
  summary: 'Import the contents from a tarball to create a filesystem image',
  examples: ['tinyctr export web | tinyctr import -c "CMD sh" - web:flat'],
  flags: {
    change: { takes: 'many', short: 'c', value: 'LINE', help: 'Apply a line of a Dockerfile to the image' },
    message: { takes: 'one', short: 'm', value: 'TEXT', help: 'Set the commit message' },
    platform: runFlags.platform,
  },
  least: 1,
  most: 2,
  mapped: true,
  async execute({ flags, positionals: [source = '', name], folders }) {
    const { change: changes = [], message, platform } = flags
    const reference = name === undefined ? undefined : targetReference(name)
    const tar = await openSource(source)
    const store = openStore(folders.dataRoot)
    try {
      const id = await importImage(store, tar, {
        changes,
        message: message ?? `Imported from ${source}`,
        platform: platform === undefined ? hostPlatform() : parsePlatform(platform),
        ...(reference !== undefined && { reference }),
      })
      recordImageEvent(folders.dataRoot, 'import', id, reference === undefined ? id : familiar(reference))
      print(id)
    } finally {
      store.close()
    }
    return 0
  },
})

async function openSource(source: string): Promise<AsyncIterable<Uint8Array>> {
  if (source === '-') return process.stdin
  if (/^https?:\/\//.test(source)) return fetchSource(source)
  if (statSync(source, { throwIfNoEntry: false }) === undefined) {
    throw new StateError(`open ${source}: no such file or directory`)
  }
  return createReadStream(source, { highWaterMark: 512 * 1024 })
}

async function fetchSource(url: string): Promise<AsyncIterable<Uint8Array>> {
  let response: Response
  try {
    response = await fetch(url)
  } catch (cause) {
    throw new RegistryError(`Cannot import ${url}: ${(cause as Error).message}`, { cause })
  }
  if (!response.ok || response.body === null) {
    throw new RegistryError(
      `Cannot import ${url}: the server answered ${response.status} ${response.statusText}`,
    )
  }
  return response.body as unknown as AsyncIterable<Uint8Array>
}
