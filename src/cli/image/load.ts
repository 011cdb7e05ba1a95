/** `tinyctr load`: from `docker save`, an OCI archive or an OCI layout; the content decides which it is. */

import { recordImageEvent } from '../../engine/events/record-event-of.ts'
import { UsageError } from '../../errors.ts'
import { loadImage } from '../../image/archive/load.ts'
import { parsePlatform } from '../../image/platform.ts'
import { isNameless } from '../../image/store/names.ts'
import type { ImageStore } from '../../image/store.ts'
import { defineCommand } from '../command.ts'
import { runFlags } from '../run/run-flags.ts'
import { interruptible } from '../screen/interruptible.ts'
import { print, screenOf } from '../screen/output.ts'
import { openStore } from './open-store.ts'
import { displayPull, loadWords } from './progress.ts'
import { familiar } from './stored-name.ts'

/** Docker's words: an image without a name is told by its id. */
async function told(store: ImageStore, reference: string): Promise<string> {
  if (!isNameless(reference)) return `Loaded image: ${familiar(reference)}`
  return `Loaded image ID: ${(await store.find(reference)).image.id}`
}

export const load = defineCommand({
  usage: '[OPTIONS]',
  summary: 'Load an image from a docker-archive, an OCI archive or an OCI layout',
  flags: {
    input: {
      takes: 'one',
      short: 'i',
      value: 'FILE',
      help: 'Read from a file or an OCI layout, not standard input',
    },
    platform: runFlags.platform,
    quiet: { takes: 'nothing', short: 'q', help: 'No progress' },
  },
  least: 0,
  most: 0,
  mapped: true,
  execute: ({ flags, folders }) => loadAll(flags, folders.dataRoot),
})

async function loadAll(
  { input, platform, quiet = false }: { input?: string; platform?: string; quiet?: boolean },
  dataRoot: string,
): Promise<number> {
  if (input === undefined && process.stdin.isTTY) {
    throw new UsageError('requested load from stdin, but stdin is empty')
  }
  const wanted = platform === undefined ? {} : { platform: parsePlatform(platform) }
  const store = openStore(dataRoot)
  // Docker's: bars are for people, and what is piped on is the names.
  const display = displayPull(screenOf(process.stdout), {
    quiet: quiet || !process.stdout.isTTY,
    words: loadWords,
  })
  try {
    const images = await interruptible((signal) =>
      loadImage(store, input ?? process.stdin, { ...wanted, signal, progress: display.show }),
    )
    display.close()
    for (const { references } of images) {
      for (const reference of references) {
        print(await told(store, reference))
        recordImageEvent(dataRoot, 'load', (await store.find(reference)).image.id, familiar(reference))
      }
    }
  } finally {
    display.close()
    store.close()
  }
  return 0
}
