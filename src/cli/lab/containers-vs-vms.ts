/** `tinyctr lab containers-vs-vms`. */
import { writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { defineCommand } from '../command.ts'
import type { FlagTable } from '../flag.ts'
import type { Invocation } from '../invocation.ts'
import { print, printError } from '../screen/output.ts'

const compareFlags = {
  json: { takes: 'nothing', help: 'Print the figures as JSON' },
  report: { takes: 'one', value: 'FILE', help: 'Write a page with plots, which needs nothing else' },
} as const satisfies FlagTable

export const containersVsVms = defineCommand({
  usage: '[OPTIONS]',
  summary: 'Measure a process, a container and a virtual machine side by side',
  flags: compareFlags,
  least: 0,
  most: 0,
  execute: measureAll,
})

async function measureAll({ flags, folders }: Invocation<typeof compareFlags>): Promise<number> {
  const { compare, printComparison } = await import('../../lab/compare/compare.ts')
  const comparison = await compare(folders.dataRoot, (line) => {
    if (!flags.json) printError(line)
  })
  print(flags.json ? JSON.stringify(comparison, undefined, 2) : printComparison(comparison))
  if (flags.report !== undefined) {
    const { reportPage } = await import('../../lab/compare/report.ts')
    const host = `Linux ${release()}, ${cpus().length} CPUs (${cpus()[0]?.model.trim() ?? 'unknown'})`
    writeFileSync(flags.report, reportPage(comparison, host))
    printError(`wrote ${flags.report}`)
  }
  return 0
}
