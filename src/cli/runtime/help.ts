/** The help of `tinyctr-runtime`: its commands and flags, from their tables. */
import { type FlagTable, flagRows } from '../flag.ts'
import { print } from '../screen/output.ts'
import { formatTable } from '../screen/table.ts'
import { runtimeCommands, runtimeGlobalFlags } from './commands.ts'

export async function printRuntimeHelp(name: string | undefined): Promise<number> {
  const load = name !== undefined && Object.hasOwn(runtimeCommands, name) ? runtimeCommands[name] : undefined
  if (load) {
    const { usage, summary, flags } = await load()
    print(`Usage:  tinyctr-runtime ${name} ${usage}\n\n${summary}\n\n${flagLines(flags)}`)
    return 0
  }
  const rows = await Promise.all(
    Object.entries(runtimeCommands).map(async ([one, loadOne]) => [`  ${one}`, (await loadOne()).summary]),
  )
  print(
    `Usage:  tinyctr-runtime [OPTIONS] COMMAND\n\nAn OCI runtime for container engines, with the command line of runc\n\nCommands:\n${formatTable(rows)}\n\n${flagLines(runtimeGlobalFlags)}`,
  )
  return 0
}

function flagLines(table: FlagTable): string {
  const rows = flagRows(table).map(([name, flag]) => [
    `  ${flag.short ? `-${flag.short}, ` : '    '}--${name}${flag.takes === 'nothing' ? '' : ` ${flag.value}`}`,
    flag.help,
  ])
  return rows.length === 0 ? '' : `Options:\n${formatTable(rows)}`
}
