/** The `--help` pages: yargs draws them from the same tables the parser reads. Never on the way of a start. */
import yargs from 'yargs'
import type { Command } from './command.ts'
import { visibleCommands } from './commands.ts'
import { type FlagTable, flagRows } from './flag.ts'
import { globalFlags } from './global-flags.ts'
import { groups, groupVerbs } from './groups.ts'

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
  for (const [name, { summary }] of await visibleCommands()) {
    if (!name.includes(' ')) drawn.command(name, summary)
  }
  for (const [name, { summary }] of Object.entries(groups)) drawn.command(`${name} COMMAND`, summary)
  return withFlags(drawn, globalFlags)
    .epilogue("Run 'tinyctr COMMAND --help' for more information on a command.")
    .getHelp()
}

/** The commands that a group has, its own and those that are spelled without it too. */
export async function groupHelp(group: string): Promise<string> {
  const { summary } = groups[group]!
  const verbs = groupVerbs(group)
  const drawn = page(`Usage:  tinyctr ${group} COMMAND\n\n${summary}`)
  const visible = new Map(await visibleCommands())
  const own = [...visible.keys()].filter((name) => name.startsWith(`${group} `))
  const shared = Object.keys(verbs).filter((verb) => visible.has(verbs[verb]!) && !isAlias.has(verb))
  for (const name of [...own, ...shared.map((verb) => `${group} ${verb}`)].sort()) {
    drawn.command(name, (visible.get(name) ?? visible.get(verbs[name.slice(group.length + 1)]!)!).summary)
  }
  return drawn.epilogue(`Run 'tinyctr ${group} COMMAND --help' for more information on a command.`).getHelp()
}

const isAlias: ReadonlySet<string> = new Set(['list', 'ps', 'remove'])
