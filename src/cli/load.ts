/** `tinyctr load`: from `docker save`, an OCI archive or an OCI layout; the content decides which it is. */

import { UsageError } from '../errors.ts'
import { loadImage } from '../image/archive/load.ts'
import { parsePlatform } from '../image/platform.ts'
import { ImageStore } from '../image/store.ts'
import type { loadFlags } from './commands.ts'
import { interruptible } from './interruptible.ts'
import type { Invocation } from './invocation.ts'
import { print } from './output.ts'
import { displayPull } from './progress.ts'
import { familiar, isNameless } from './stored-name.ts'

/** Docker's words: an image without a name is told by its digest. */
const told = (reference: string): string =>
  `${isNameless(reference) ? 'Loaded image ID' : 'Loaded image'}: ${familiar(reference)}`

export async function load({
  flags: { input, platform, quiet = false },
  folders,
}: Invocation<typeof loadFlags>): Promise<number> {
  if (input === undefined && process.stdin.isTTY) {
    throw new UsageError('requested load from stdin, but stdin is empty')
  }
  const wanted = platform === undefined ? {} : { platform: parsePlatform(platform) }
  const store = new ImageStore(folders.dataRoot)
  const display = displayPull(process.stdout, { quiet })
  try {
    const images = await interruptible((signal) =>
      loadImage(store, input ?? process.stdin, { ...wanted, signal, progress: display.show }),
    )
    display.close()
    for (const { references } of images) for (const reference of references) print(told(reference))
  } finally {
    display.close()
    store.close()
  }
  return 0
}
