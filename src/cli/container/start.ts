/** `tinyctr start`. */
import { spawnSync } from 'node:child_process'
import { attach } from '../../engine/container/attach.ts'
import { type Attachment, DETACHED } from '../../engine/container/attachment.ts'
import { parseDetachKeys } from '../../engine/container/detach-keys.ts'
import { type Container, findContainer, listContainers } from '../../engine/container/list.ts'
import { isUp } from '../../engine/container/process.ts'
import { prepareStart } from '../../engine/container/start.ts'
import { launch } from '../../engine/launch.ts'
import { UsageError } from '../../errors.ts'
import { ownCommand } from '../../runtime/own-command.ts'
import { checkPositionals, defineCommand } from '../command.ts'
import type { FlagTable } from '../flag.ts'
import { type Filter, parseFilter } from '../format/filters.ts'
import type { Invocation } from '../invocation.ts'
import { print } from '../screen/output.ts'
import type { StateFolders } from '../state-folders.ts'
import { containerFilter } from './container-filters.ts'

const flags = {
  all: { takes: 'nothing', help: 'Start all that do not run, as podman does; with --filter those of them' },
  attach: { takes: 'nothing', short: 'a', help: 'Attach its output, and pass signals on' },
  'detach-keys': {
    takes: 'one',
    value: 'KEYS',
    parse: parseDetachKeys,
    help: 'Keys that detach from the container (default ctrl-p,ctrl-q)',
  },
  filter: {
    takes: 'many',
    short: 'f',
    value: 'NAME=VALUE',
    parse: parseFilter,
    help: 'With --all: only those of a restart-policy, should-start-on-boot, and what ps takes',
  },
  interactive: { takes: 'nothing', short: 'i', help: 'Attach its standard input' },
} as const satisfies FlagTable

export const start = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Start one or more stopped containers',
  examples: [
    'tinyctr start web',
    'tinyctr start -ai shell',
    'tinyctr start --all --filter should-start-on-boot=true',
  ],
  flags,
  least: 0,
  completes: 'containers',
  execute: startAll,
})

async function startAll({ flags: asked, positionals, folders }: Invocation<typeof flags>): Promise<number> {
  const attached = asked.attach === true || asked.interactive === true
  if (asked.all) {
    if (attached || positionals.length > 0)
      throw new UsageError('--all takes no containers, and attaches to none')
    return startEach(notRunning(asked.filter ?? [], folders.dataRoot), folders)
  }
  if (asked.filter) throw new UsageError('--filter goes with --all')
  checkPositionals('start', { ...start, least: 1 }, positionals)
  if (positionals.length > 1) {
    if (attached) throw new UsageError('you cannot start and attach multiple containers at once')
    return startEach(positionals, folders)
  }
  const [word = ''] = positionals
  const container = findContainer(folders.dataRoot, word)
  if (!attached) return startDetached(container, word, folders)
  const how = {
    stdin: asked.interactive === true && container.record.options.interactive,
    stdout: true,
    stderr: true,
    detachKeys: asked['detach-keys'],
    signalProxy: true,
  } satisfies Attachment
  if (container.state.status === 'running') return attach(folders, container, how)
  return launch(await prepareStart(folders, container, { attachment: how, direct: false }))
}

async function startDetached(container: Container, word: string, folders: StateFolders): Promise<number> {
  if (container.state.status === 'running' || container.state.status === 'restarting') {
    print(word)
    return 0
  }
  const manner = { attachment: DETACHED, direct: false, announce: word } as const
  return launch(await prepareStart(folders, container, manner))
}

/** By id, the oldest first: others may need its network. */
function notRunning(filters: readonly Filter[], dataRoot: string): string[] {
  const filter = containerFilter(filters, dataRoot)
  return listContainers(dataRoot)
    .filter((container) => !isUp(container.state) && filter.holds(container))
    .map(({ id }) => id)
    .reverse()
}

/** Each in a process of its own, which becomes the container's monitor. */
function startEach(words: readonly string[], { root, dataRoot }: StateFolders): number {
  const [program = '', ...before] = ownCommand('--root')
  let code = 0
  for (const word of words) {
    const args = [...before, root, '--data-root', dataRoot, 'start', word]
    if (spawnSync(program, args, { stdio: 'inherit' }).status !== 0) code = 1
  }
  return code
}
