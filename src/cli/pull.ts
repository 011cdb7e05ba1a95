/** `tinyctr pull`: Docker's lines, the last one the name in full. */
import { parsePlatform } from '../image/platform.ts'
import { pullImage } from '../image/pull.ts'
import { fullReference, parseReference } from '../image/reference.ts'
import { ImageStore } from '../image/store.ts'
import type { pullFlags } from './commands.ts'
import { interruptible } from './interruptible.ts'
import type { Invocation } from './invocation.ts'
import { print } from './output.ts'
import { displayPull } from './progress.ts'

export async function pull({
  flags: { platform, quiet = false },
  positionals: [name = ''],
  folders,
}: Invocation<typeof pullFlags>): Promise<number> {
  const reference = parseReference(name)
  const wanted = platform === undefined ? undefined : parsePlatform(platform)
  const store = new ImageStore(folders.dataRoot)
  const display = displayPull(process.stdout, { quiet })
  try {
    await interruptible((signal) =>
      pullImage(reference, {
        store: store.content,
        layers: store.layers,
        platform: wanted,
        signal,
        progress: display.show,
      }),
    )
  } finally {
    display.close()
    store.close()
  }
  print(fullReference(reference))
  return 0
}
