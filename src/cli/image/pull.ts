/** `tinyctr pull`: Docker's lines, the last one the name in full. */
import { recordImageEvent } from '../../engine/events/record-event-of.ts'
import { UsageError } from '../../errors.ts'
import { parsePlatform } from '../../image/platform.ts'
import { pullImage } from '../../image/pull.ts'
import {
  familiarName,
  familiarReference,
  fullReference,
  hasTagOrDigest,
  parseReference,
  type Reference,
  repositoryName,
} from '../../image/reference.ts'
import { openRegistry } from '../../image/registry/client.ts'
import type { TransferEvent } from '../../image/transfer-event.ts'
import { defineCommand } from '../command.ts'
import { runFlags } from '../run/run-flags.ts'
import { interruptible } from '../screen/interruptible.ts'
import { print, screenOf } from '../screen/output.ts'
import { openStore } from './open-store.ts'
import { displayPull, type ProgressForm } from './progress.ts'
import { progressFlag } from './progress-flag.ts'

export interface ShownPull {
  readonly platform: string | undefined
  readonly quiet: boolean
  readonly dataRoot: string
  readonly screen: NodeJS.WriteStream
  readonly form?: ProgressForm | undefined
  /** Says nothing until the registry has answered: the caller may have another way. */
  readonly quietUntilAnswered?: boolean
}

/** Pulls with a line a layer on `screen`. @returns the full reference */
export async function pullShown(name: string, options: ShownPull): Promise<string> {
  const reference = parseReference(name)
  await pullReferences(async () => [reference], options)
  return fullReference(reference)
}

/** Pulls one after the other into one store. */
async function pullReferences(
  references: (signal: AbortSignal) => Promise<Reference[]>,
  { platform, quiet, dataRoot, screen, form = 'auto', quietUntilAnswered = false }: ShownPull,
): Promise<void> {
  const wanted = platform === undefined ? undefined : parsePlatform(platform)
  const store = openStore(dataRoot)
  const display = displayPull(screenOf(screen), { quiet, form })
  const progress = quietUntilAnswered ? holdingFirst(display.show) : display.show
  try {
    await interruptible(async (signal) => {
      const { content, layers } = store
      for (const reference of await references(signal)) {
        await pullImage(reference, { store: content, layers, platform: wanted, signal, progress })
        recordImageEvent(dataRoot, 'pull', familiarReference(reference), familiarName(reference))
      }
    })
  } finally {
    display.close()
    store.close()
  }
}

/** Passes events on, the first one only together with the second. */
function holdingFirst(show: (event: TransferEvent) => void): (event: TransferEvent) => void {
  let held: TransferEvent | undefined
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

/** Every tag of the repository that `name` names. @throws UsageError when it names a tag */
async function everyTag(name: string, signal: AbortSignal): Promise<Reference[]> {
  const reference = parseReference(name)
  if (hasTagOrDigest(name)) throw new UsageError("tag can't be used with --all-tags/-a")
  const tags = await openRegistry(reference, { signal }).tags()
  return tags.map((tag) => ({ ...reference, tag }))
}

export const pull = defineCommand({
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  summary: 'Download an image from a registry',
  examples: ['tinyctr pull alpine', 'tinyctr pull --platform linux/arm64 registry.example/team/app:1.2'],
  flags: {
    'all-tags': { takes: 'nothing', short: 'a', help: 'Download all tagged images in the repository' },
    platform: runFlags.platform,
    progress: progressFlag,
    quiet: { takes: 'nothing', short: 'q', help: 'Print only the name of the image' },
  },
  least: 1,
  most: 1,
  mapped: true,
  async execute({ flags, positionals: [name = ''], folders: { dataRoot } }) {
    const { platform, quiet = false, progress: form, 'all-tags': all = false } = flags
    const shown = { platform, quiet, dataRoot, screen: process.stdout, form }
    if (all) {
      await pullReferences((signal) => everyTag(name, signal), shown)
      print(repositoryName(parseReference(name)))
      return 0
    }
    const isTold = !quiet && form !== 'json'
    if (isTold && parseReference(name).tag === 'latest' && !hasTagOrDigest(name))
      print('Using default tag: latest')
    const reference = await pullShown(name, shown)
    if (form !== 'json') print(reference)
    return 0
  },
})
