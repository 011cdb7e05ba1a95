/** Shell completion, by yargs from the command table: the script, and the words the script asks for. */
import yargs from 'yargs'
import { UsageError } from '../errors.ts'
import { type Command, defineCommand } from './command.ts'
import { type FlagTable, flagRows } from './flag.ts'
import { globalFlags } from './global-flags.ts'

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

function parser(args: readonly string[], commands: readonly [name: string, command: Command][]) {
  const made = yargs([...args])
    .scriptName('tinyctr')
    .detectLocale(false)
    .help(false)
    .version(false)
    .options(options(globalFlags))
  for (const [name, { summary, flags }] of commands) {
    if (name !== 'completion') made.command(name, summary, (command) => command.options(options(flags)))
  }
  return made.completion('completion', completion.summary)
}

const shells = ['bash', 'zsh', 'fish']

export const completion = defineCommand({
  usage: 'bash|zsh|fish',
  summary: 'Print a completion script for a shell',
  flags: {},
  least: 1,
  most: 1,
  async execute({ positionals: [shell], visibleCommands }) {
    if (shell === undefined || !shells.includes(shell)) {
      throw new UsageError(`there is no completion for "${shell}": there is one for ${shells.join(', ')}`)
    }
    // yargs takes the shell from here.
    process.env.SHELL = `/bin/${shell}`
    parser([], await visibleCommands()).showCompletionScript()
    return 0
  },
})

/** The script's question, `--get-yargs-completions WORD...`: yargs prints what may stand for the last word. */
export async function complete(
  args: readonly string[],
  commands: readonly [name: string, command: Command][],
): Promise<number> {
  await parser(args, commands).parse()
  return 0
}
