/** `tinyctr cp`: between a container and the host, either way; `-` is a tar on a standard stream. */

import { statSync } from 'node:fs'
import { type Container, findContainer } from '../../engine/container/list.ts'
import { openContainerTree, openHostTree, type Tree } from '../../engine/copy/container-root.ts'
import { copyPath, type End, readPath, writePath } from '../../engine/copy/copy.ts'
import { recordContainerEvent } from '../../engine/events/record-event-of.ts'
import { StateError, UsageError } from '../../errors.ts'
import { attempt } from '../../linux/call.ts'
import { defineCommand } from '../command.ts'
import type { FlagTable } from '../flag.ts'
import { humanSize } from '../format/units.ts'
import type { Invocation } from '../invocation.ts'
import { printError } from '../screen/output.ts'
import { checkOutput, writeOutput } from '../screen/output-file.ts'

const flags = {
  archive: { takes: 'nothing', short: 'a', help: 'Archive mode (copy all uid/gid information)' },
  'follow-link': { takes: 'nothing', short: 'L', help: 'Always follow symbol link in SRC_PATH' },
  quiet: { takes: 'nothing', short: 'q', help: 'Suppress progress output during copy' },
} as const satisfies FlagTable

export const cp = defineCommand({
  usage: '[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-  or  SRC_PATH|- CONTAINER:DEST_PATH',
  summary: 'Copy files/folders between a container and the local filesystem',
  examples: [
    'tinyctr cp web:/etc/hosts .',
    'tinyctr cp ./site/. web:/srv',
    'tinyctr cp web:/var/log - | tar tv',
  ],
  flags,
  least: 2,
  most: 2,
  execute: copy,
})

interface Side {
  readonly container: string | undefined
  readonly path: string
}

/** A path that begins with a slash or a dot is the host's, whatever colons it has. */
function parseSide(text: string): Side {
  const colon = text.indexOf(':')
  if (text.startsWith('/') || text.startsWith('.') || colon < 0) return { container: undefined, path: text }
  return { container: text.slice(0, colon), path: text.slice(colon + 1) }
}

async function copy(invocation: Invocation<typeof flags>): Promise<number> {
  const [from, to] = invocation.positionals.map(parseSide) as [Side, Side]
  if (from.container !== undefined && to.container !== undefined) {
    throw new UsageError('copying between containers is not supported')
  }
  if (from.container === undefined && to.container === undefined) {
    throw new UsageError('must specify at least one container source')
  }
  const open: number[] = []
  try {
    return from.container === undefined
      ? await copyIn(invocation, from.path, to, open)
      : await copyOut(invocation, from, to.path, open)
  } finally {
    for (const fd of open) attempt('close', [fd])
  }
}

type Call = Invocation<typeof flags>

async function copyIn(
  { flags: asked, folders }: Call,
  from: string,
  to: Side,
  open: number[],
): Promise<number> {
  const container = findContainer(folders.dataRoot, to.container!)
  const end = inside(container, to.path, true, folders.dataRoot, open)
  const owner = asked.archive ? undefined : { uid: 0, gid: 0 }
  const told = () => recordContainerEvent(folders.dataRoot, container, 'extract-to-dir', { path: to.path })
  if (from === '-') {
    await writePath(process.stdin, end, owner)
    told()
    return 0
  }
  const bytes = copyPath(outside(from, open), end, { follow: asked['follow-link'] ?? false, owner })
  tell(asked, bytes, `${to.container}:${to.path}`)
  told()
  return 0
}

async function copyOut(
  { flags: asked, folders }: Call,
  from: Side,
  to: string,
  open: number[],
): Promise<number> {
  const container = findContainer(folders.dataRoot, from.container!)
  const end = inside(container, from.path, false, folders.dataRoot, open)
  const follow = asked['follow-link'] ?? false
  recordContainerEvent(folders.dataRoot, container, 'archive-path', { path: from.path })
  if (to === '-') {
    checkOutput(undefined, 'export')
    await writeOutput(undefined, readPath(end, follow))
    return 0
  }
  const owner = asked.archive ? undefined : { uid: process.geteuid!(), gid: process.getegid!() }
  const bytes = copyPath(end, outside(to, open), { follow, owner })
  tell(asked, bytes, to)
  return 0
}

/** Docker says it on a terminal only. */
function tell({ quiet = !process.stdout.isTTY }: Call['flags'], bytes: number, place: string): void {
  if (!quiet) printError(`Successfully copied ${humanSize(bytes, 3)} to ${place}`)
}

function inside(container: Container, typed: string, writes: boolean, dataRoot: string, open: number[]): End {
  const tree = openContainerTree(dataRoot, container, typed.startsWith('/') ? typed : `/${typed}`, { writes })
  open.push(tree.root)
  const missing = () => new StateError(`Could not find the file ${typed} in container ${container.name}`)
  return { tree, typed, missing }
}

function outside(typed: string, open: number[]): End {
  const path = typed.startsWith('/') ? typed : `${process.cwd()}/${typed}`
  const tree: Tree = openHostTree(path)
  open.push(tree.root)
  return { tree, typed, missing: () => missingOnHost(path) }
}

/** Go's words for what it did not find. */
function missingOnHost(path: string): StateError {
  const parent = path.replace(/\/+$/, '').replace(/\/[^/]*$/, '') || '/'
  const isParent = statSync(parent, { throwIfNoEntry: false }) === undefined
  return isParent
    ? new StateError(`invalid output path: directory ${JSON.stringify(parent)} does not exist`)
    : new StateError(`lstat ${path}: no such file or directory`)
}
