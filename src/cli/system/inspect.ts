/** `tinyctr inspect`: whatever has the name, a container before an image, a volume before a network. */
import { findContainer } from '../../engine/container/list.ts'
import { StateError } from '../../errors.ts'
import { defineCommand } from '../command.ts'
import { containerJson } from '../container/container-json.ts'
import { containerSizes } from '../container/container-rows.ts'
import { describeFailure } from '../failure.ts'
import type { FlagTable } from '../flag.ts'
import { printInspected } from '../format/inspected.ts'
import { print, printError } from '../screen/output.ts'
import type { StateFolders } from '../state-folders.ts'

type Find = (name: string, folders: StateFolders, sized: boolean) => Promise<object>

const finders: Readonly<Record<string, Find>> = {
  container: async (name, folders, sized) => {
    const container = findContainer(folders.dataRoot, name)
    const size = sized ? (await containerSizes(folders.dataRoot))(container) : undefined
    return containerJson(container, { ...folders, ...(size && { size }) })
  },
  image: async (name, folders) => {
    const [{ ImageStore }, { imageJson }] = await Promise.all([
      import('../../image/store.ts'),
      import('../image/image-json.ts'),
    ])
    const store = new ImageStore(folders.dataRoot)
    try {
      return await imageJson(store, name)
    } finally {
      store.close()
    }
  },
  volume: async (name, { dataRoot }) => {
    const [{ findVolume }, { volumeJson }] = await Promise.all([
      import('../../engine/volume/volume.ts'),
      import('../volume/volume-row.ts'),
    ])
    return volumeJson(findVolume(dataRoot, name), dataRoot)
  },
  network: async (name, folders) => {
    const [{ membersOf, networkInfo }, { networkJson }] = await Promise.all([
      import('../../engine/network/networks.ts'),
      import('../network/network-row.ts'),
    ])
    const network = networkInfo(folders.dataRoot, name)
    return networkJson(network, membersOf(folders, network))
  },
}

const formatFlag = {
  format: { takes: 'one', short: 'f', value: 'TEMPLATE', help: "'json' or a Go template" },
} as const satisfies FlagTable
const sizeFlag = {
  size: { takes: 'nothing', short: 's', help: 'Display total file sizes of containers' },
} as const satisfies FlagTable

export const inspect = defineCommand({
  usage: '[OPTIONS] NAME|ID [NAME|ID...]',
  summary: 'Return low-level information on containers, images, volumes and networks',
  examples: [
    "tinyctr inspect -f '{{.State.Pid}}' web",
    "tinyctr inspect -f '{{range .Mounts}}{{.Destination}} {{end}}' web",
    'tinyctr inspect --type image alpine',
  ],
  flags: {
    ...formatFlag,
    ...sizeFlag,
    type: {
      takes: 'one',
      value: 'TYPE',
      choices: Object.keys(finders),
      help: 'Only this type: container, image, volume, network',
    },
  },
  least: 1,
  completes: 'containers and images',
  execute: ({ flags: { format, size = false, type }, positionals, folders }) =>
    printAll(positionals, format, 'inspect', (name) =>
      type === undefined ? findAny(name, folders, size) : finders[type]!(name, folders, size),
    ),
})

export const containerInspect = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Display detailed information on one or more containers',
  flags: { ...formatFlag, ...sizeFlag },
  least: 1,
  completes: 'containers',
  execute: ({ flags: { format, size = false }, positionals, folders }) =>
    printAll(positionals, format, 'container inspect', (name) => finders.container!(name, folders, size)),
})

export const volumeInspect = defineCommand({
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  summary: 'Display detailed information on one or more volumes',
  flags: formatFlag,
  least: 1,
  completes: 'volumes',
  execute: ({ flags: { format }, positionals, folders }) =>
    printAll(positionals, format, 'volume inspect', (name) => finders.volume!(name, folders, false)),
})

export const networkInspect = defineCommand({
  usage: '[OPTIONS] NETWORK [NETWORK...]',
  summary: 'Display detailed information on one or more networks',
  flags: {
    ...formatFlag,
    verbose: { takes: 'nothing', short: 'v', hidden: true, help: 'Nothing more: for swarm networks' },
  },
  least: 1,
  execute: ({ flags: { format }, positionals, folders }) =>
    printAll(positionals, format, 'network inspect', (name) => finders.network!(name, folders, false)),
})

/** @throws StateError with Docker's words */
async function findAny(name: string, folders: StateFolders, sized: boolean): Promise<object> {
  for (const find of Object.values(finders)) {
    try {
      return await find(name, folders, sized)
    } catch (error) {
      // Another type may have it. More than one of this type is an answer too.
      if (!isMissing(error)) throw error
    }
  }
  throw new StateError(`No such object: ${name}`)
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error &&
  /^No such |no such |not a valid|invalid|^network .* not found$/.test(error.message)

async function printAll(
  names: readonly string[],
  format: string | undefined,
  command: string,
  find: (name: string) => Promise<object>,
): Promise<number> {
  const found: object[] = []
  const failures: unknown[] = []
  for (const name of names) {
    try {
      found.push(await find(name))
    } catch (error) {
      failures.push(error)
    }
  }
  print(printInspected(found, format))
  for (const error of failures) printError(describeFailure(error, command, false))
  return failures.length > 0 ? 1 : 0
}
