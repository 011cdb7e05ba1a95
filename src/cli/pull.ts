/** `tinyctr pull`: Docker's lines, the last one the name in full. */
import { parsePlatform } from '../image/platform.ts'
import { pullImage } from '../image/pull.ts'
import type { PullEvent } from '../image/pull-event.ts'
import { fullReference, parseReference } from '../image/reference.ts'
import { ImageStore } from '../image/store.ts'
import { defineCommand } from './command.ts'
import { interruptible } from './interruptible.ts'
import { print } from './output.ts'
import { displayPull } from './progress.ts'
import { runFlags } from './run-flags.ts'

export interface ShownPull {
  readonly platform: string | undefined
  readonly quiet: boolean
  readonly dataRoot: string
  readonly screen: NodeJS.WriteStream
  /** Says nothing until the registry has answered: the caller may have another way. */
  readonly quietUntilAnswered?: boolean
}

/** Pulls with a line a layer on `screen`. @returns the full reference */
export async function pullShown(
  name: string,
  { platform, quiet, dataRoot, screen, quietUntilAnswered = false }: ShownPull,
): Promise<string> {
  const reference = parseReference(name)
  const wanted = platform === undefined ? undefined : parsePlatform(platform)
  const store = new ImageStore(dataRoot)
  const display = displayPull(screen, { quiet })
  try {
    await interruptible((signal) =>
      pullImage(reference, {
        store: store.content,
        layers: store.layers,
        platform: wanted,
        signal,
        progress: quietUntilAnswered ? holdingFirst(display.show) : display.show,
      }),
    )
  } finally {
    display.close()
    store.close()
  }
  return fullReference(reference)
}

/** Passes events on, the first one only together with the second. */
function holdingFirst(show: (event: PullEvent) => void): (event: PullEvent) => void {
  let held: PullEvent | undefined
  let begun = false
  return (event) => {
    if (!begun) {
      begun = true
      held = event
      return
    }
    if (held) show(held)
    held = undefined
    show(event)
  }
}

export const pull = defineCommand({
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  summary: 'Download an image from a registry',
  flags: {
    platform: runFlags.platform,
    quiet: { takes: 'nothing', short: 'q', help: 'Print only the name of the image' },
  },
  least: 1,
  most: 1,
  async execute({ flags: { platform, quiet = false }, positionals: [name = ''], folders: { dataRoot } }) {
    print(await pullShown(name, { platform, quiet, dataRoot, screen: process.stdout }))
    return 0
  },
})
