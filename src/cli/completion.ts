/** Shell completion, by yargs from the command table: the script, and the words the script asks for. */
import yargs from 'yargs'
import { UsageError } from '../errors.ts'
import { type Command, commands, globalFlags, type noFlags } from './commands.ts'
import { type FlagTable, flagRows } from './flag.ts'
import type { Invocation } from './invocation.ts'

/** The table as yargs' options. */
const options = (table: FlagTable) =>
  Object.fromEntries(
    flagRows(table).map(([name, { help, hidden = false, ...flag }]) => [
      name,
      {
        describe: help,
        hidden,
        global: false,
        type: flag.takes === 'nothing' ? ('boolean' as const) : ('string' as const),
        ...(flag.takes !== 'nothing' && flag.choices !== undefined && { choices: flag.choices }),
      },
    ]),
  )

function parser(args: readonly string[]) {
  const made = yargs([...args])
    .scriptName('tinyctr')
    .detectLocale(false)
    .help(false)
    .version(false)
    .options(options(globalFlags))
  for (const [name, { summary, flags, hidden }] of Object.entries<Command>(commands)) {
    if (!hidden && name !== 'completion')
      made.command(name, summary, (command) => command.options(options(flags)))
  }
  return made.completion('completion', commands.completion.summary)
}

const shells = ['bash', 'zsh', 'fish']

/** @throws UsageError for a shell there is no script for */
export async function completion({ positionals: [shell] }: Invocation<typeof noFlags>): Promise<number> {
  if (shell === undefined || !shells.includes(shell)) {
    throw new UsageError(`there is no completion for "${shell}": there is one for ${shells.join(', ')}`)
  }
  // yargs takes the shell from here.
  process.env.SHELL = `/bin/${shell}`
  parser([]).showCompletionScript()
  return 0
}

/** The script's question, `--get-yargs-completions WORD...`: yargs prints what may stand for the last word. */
export async function complete(args: readonly string[]): Promise<number> {
  await parser(args).parse()
  return 0
}
