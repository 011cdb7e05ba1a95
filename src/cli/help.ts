/** The `--help` pages: yargs draws them from the same tables the parser reads. Never on the way of a start. */
import yargs from 'yargs'
import type { Command } from './command.ts'
import { visibleCommands } from './commands.ts'
import { type FlagTable, flagRows } from './flag.ts'
import { globalFlags } from './global-flags.ts'

/** yargs only draws here, so a flag's name may carry its value: `--memory SIZE`. */
function page(usage: string) {
  return yargs([])
    .scriptName('tinyctr')
    .detectLocale(false)
    .usage(usage)
    .help(false)
    .version(false)
    .wrap(Math.min(process.stdout.columns ?? 100, 120))
}

function withFlags(drawn: ReturnType<typeof page>, table: FlagTable): ReturnType<typeof page> {
  for (const [name, { short, help, hidden = false, ...flag }] of flagRows(table)) {
    const spelled = flag.takes === 'nothing' ? name : `${name} ${flag.value}`
    drawn.option(spelled, { ...(short !== undefined && { alias: short }), describe: help, hidden })
  }
  return drawn
}

export function commandHelp(
  name: string,
  { usage, summary, flags, examples = [] }: Command,
): Promise<string> {
  const drawn = withFlags(page(`Usage:  tinyctr ${name} ${usage}\n\n${summary}`), flags)
  if (examples.length > 0) drawn.epilogue(['Examples:', ...examples].join('\n  '))
  return drawn.getHelp()
}

export async function globalHelp(): Promise<string> {
  const drawn = page('Usage:  tinyctr [OPTIONS] COMMAND\n\nA container is a list of system calls')
  for (const [name, { summary }] of await visibleCommands()) drawn.command(name, summary)
  return withFlags(drawn, globalFlags)
    .epilogue("Run 'tinyctr COMMAND --help' for more information on a command.")
    .getHelp()
}
