/** `tinyctr lab`: lessons about the kernel, by the kernel. */

import { parseCount } from '../../engine/config/integer.ts'
import { UsageError } from '../../errors.ts'
import { becomeSingleThreaded } from '../../linux/execute-ffi/single-threaded.ts'
import { defineCommand } from '../command.ts'
import type { FlagTable } from '../flag.ts'
import type { Invocation } from '../invocation.ts'
import { print, printError } from '../screen/output.ts'

const labFlags = {
  json: { takes: 'nothing', help: 'Print what was claimed, done and seen as JSON' },
  skip: {
    takes: 'many',
    value: 'N',
    parse: parseCount,
    help: 'Leave out what step N does, to see its claim fail',
  },
  stream: { takes: 'nothing', hidden: true, help: 'Print each step as a line of JSON' },
  yes: { takes: 'nothing', short: 'y', help: 'Go on by itself' },
} as const satisfies FlagTable

/** The lesson cannot be played on this host. */
const NOT_HERE = 3

export const lab = defineCommand({
  usage: '[OPTIONS] [LESSON]',
  summary: 'See what a container is, in lessons that the kernel itself confirms',
  examples: ['tinyctr lab', 'tinyctr lab pid', 'tinyctr lab --skip 2 uts'],
  flags: labFlags,
  least: 0,
  most: 1,
  execute: teach,
})

async function teach({ flags, positionals, folders }: Invocation<typeof labFlags>): Promise<number> {
  const { lessons } = await import('../../lab/lessons.ts')
  const [name] = positionals
  if (name === undefined) return await list(flags.json === true)
  if (!Object.hasOwn(lessons, name)) {
    throw new UsageError(`there is no lesson "${name}": 'tinyctr lab' lists them`)
  }
  // Starts this process again: before anything is done or said.
  becomeSingleThreaded()
  const lesson = await lessons[name]!()
  const { playWhereItCan } = await import('../../lab/play-where-it-can.ts')
  const { refused, report } = await playWhereItCan(lesson, {
    skip: flags.skip ?? [],
    yes: flags.yes === true,
    told: flags.stream ? 'stream' : flags.json ? 'json' : 'people',
    columns: process.stdout.columns ?? 80,
    dataRoot: folders.dataRoot,
  })
  if (refused !== undefined) {
    if (flags.json) print(JSON.stringify({ lesson: name, needs: refused }))
    else printError(`tinyctr: Cannot play the lesson "${name}" here: it ${refused}`)
    return NOT_HERE
  }
  if (flags.json && report) print(JSON.stringify(report, undefined, 2))
  return report === undefined || report.holds ? 0 : 1
}

async function list(json: boolean): Promise<number> {
  const { listLessons, printLessons } = await import('../../lab/list-lessons.ts')
  const listed = await listLessons()
  print(json ? JSON.stringify(listed, undefined, 2) : printLessons(listed))
  return 0
}
